//! Whether the server can be reached: said once for all connections when it cannot, and when it can again.
use std::sync::{Mutex, MutexGuard, PoisonError};

use kit_base::outage::Outage;
use tokio_postgres::config::Host;

/// The server of a database, and what the last try to reach it met.
pub(super) struct Reach {
    /// Every `host:port`, and nothing else of the URL: it holds a password.
    server: String,
    trouble: Mutex<Trouble>,
}

/// Since when it is not there, and why.
#[derive(Default)]
struct Trouble {
    outage: Option<Outage>,
    cause: String,
}

impl Reach {
    pub(super) fn new(config: &tokio_postgres::Config) -> Self {
        let port = |at: usize| config.get_ports().get(at).or(config.get_ports().first());
        let server = |(at, host): (usize, &Host)| {
            let host = match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(folder) => folder.display().to_string(),
            };
            format!("{host}:{}", port(at).unwrap_or(&5432))
        };
        let servers: Vec<_> = config.get_hosts().iter().enumerate().map(server).collect();
        Self { server: servers.join(","), trouble: Mutex::default() }
    }

    /// A connection is there.
    pub(super) fn found(&self) {
        if let Some(outage) = self.trouble().outage.take() {
            let waited_seconds = outage.lasted().as_secs();
            tracing::info!(server = self.server, waited_seconds, "the database is reached again");
        }
    }

    /// A connection could not be had: said when it is the first one, and then now and again.
    pub(super) fn missed(&self, cause: String) {
        let Trouble { outage, cause: last } = &mut *self.trouble();
        if Outage::is_news(outage) {
            let waited_seconds = outage.as_ref().map(|outage| outage.lasted().as_secs());
            let server = &self.server;
            tracing::warn!(server, cause, waited_seconds, "the database cannot be reached");
        }
        *last = cause;
    }

    /// Every `host:port`.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Which server is not there, and why; nothing while it is.
    pub(super) fn fault(&self) -> Option<String> {
        let Trouble { outage, cause } = &*self.trouble();
        outage.as_ref().map(|_| format!("{}: {cause}", self.server))
    }

    /// The same for who waits for it already.
    pub(super) fn in_words(&self) -> String {
        self.fault().unwrap_or_else(|| format!("{}: no answer yet", self.server))
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(url: &str) -> Reach {
        Reach::new(&url.parse().unwrap())
    }

    #[test]
    fn a_server_is_its_hosts_with_their_ports_and_no_secret() {
        for (url, expected) in [
            ("postgres://u:hunter2@db/name", "db:5432"),
            ("postgres://u:hunter2@db:6432/name", "db:6432"),
            ("postgres://u:hunter2@one:1,two:2/name", "one:1,two:2"),
        ] {
            assert_eq!(reach(url).server, expected);
        }
    }

    #[test]
    fn what_is_wrong_is_known_until_a_connection_is_there() {
        let reach = reach("postgres://u@db/name");
        assert_eq!((reach.fault(), &*reach.in_words()), (None, "db:5432: no answer yet"));
        reach.missed("refused".to_owned());
        reach.missed("no route".to_owned());
        assert_eq!(reach.fault().as_deref(), Some("db:5432: no route"));
        assert_eq!(reach.fault().as_deref(), Some(&*reach.in_words()));
        reach.found();
        assert_eq!(reach.fault(), None);
    }
}
