mod lanes;
mod reach;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use deadpool::managed::{self, Hook, HookError, Metrics, QueueMode};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{
    AsyncPgConnection, SimpleAsyncConnection as _,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, PoolError, RecyclingMethod},
};
use futures_util::FutureExt as _;
use tokio::time::Instant;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

#[cfg(test)]
pub(crate) use self::lanes::{LANES, MOST_READS};
use self::{lanes::Lanes, reach::Reach};
use super::{
    Error, Limits,
    error::innermost,
    tls::{self, Tls},
};
use crate::{metrics, pool::Pool};

type Manager = AsyncDieselConnectionManager<AsyncPgConnection>;

/// A pool for transactions and a few shared connections for reads.
#[derive(Clone)]
pub struct Postgres {
    pub(super) writers: Pool<Manager>,
    pub(super) searches: Pool<Manager>,
    lanes: Lanes,
}

impl Postgres {
    /// Connects lazily: a database that is not there yet is no error.
    pub(super) fn open(url: &str, limits: &Limits) -> anyhow::Result<Self> {
        let (config, connector) = configure(url, limits)?;
        if config.get_ssl_mode() == SslMode::Prefer {
            tracing::warn!(
                "nobody checks who the database is, and where it has no TLS it is spoken to in plain text: add `sslmode=verify-full` \
                 to its URL, or `sslmode=disable` where plain text is meant"
            );
        }
        let reach = Arc::new(Reach::new(&config));
        let lanes = Lanes::open(&for_pages(config.clone()), &connector, &reach, limits.name);
        let (searching, server) = (limits.for_searches(), reach.server());
        let (searched, _) = configure(url, &searching)?;
        let (writers, searches) =
            (metrics::Pool::of_writers(limits.name), metrics::Pool::of_searches(limits.name));
        let searches =
            pool((for_pages(searched), connector.clone()), (searches, server), &searching)?;
        let writers = pool((config, connector), (writers, server), limits)?;
        Ok(Self { writers, searches, lanes })
    }

    /// A connection that many readers use at once; none where as many wait as may.
    pub async fn lane(&self) -> Result<Arc<AsyncPgConnection>, Error> {
        Error::unless_switched_off("reads").await?;
        self.lanes.one()
    }

    /// What keeps connections away, as far as is known.
    pub(super) fn trouble(&self) -> Option<String> {
        self.lanes.trouble()
    }

    /// Waits until reads can be served.
    pub(super) async fn up(&self) -> Result<(), Error> {
        self.lanes.up().await?;
        _ = tokio::join!(self.writers.get(), self.searches.get());
        Ok(())
    }
}

fn pool(
    (config, connector): (tokio_postgres::Config, tls::Connector),
    (metrics, server): (metrics::Pool, &str),
    limits: &Limits,
) -> anyhow::Result<Pool<Manager>> {
    let mut manager = ManagerConfig::default();
    // The default asks `SELECT 1` at every checkout, which doubles the cost of a write.
    manager.recycling_method = RecyclingMethod::Fast;
    let opened = metrics.clone();
    manager.custom_setup = Box::new(move |_| {
        let (config, connector, opened) = (config.clone(), connector.clone(), opened.clone());
        async move {
            let begun = Instant::now();
            let (client, connection) = dial(&config, &connector).await?;
            let connection =
                AsyncPgConnection::try_from_client_and_connection(client, connection).await?;
            opened.created(begun.elapsed());
            Ok(connection)
        }
        .boxed()
    });
    let manager = Manager::new_with_config("", manager);
    let lifetime = limits.connection_lifetime;
    let fresh = Hook::async_fn(move |connection: &mut AsyncPgConnection, metrics| {
        is_fresh(connection, metrics, lifetime).boxed()
    });
    let connections = managed::Pool::<Manager>::builder(manager)
        .max_size(limits.connections)
        .queue_mode(QueueMode::Lifo)
        .runtime(deadpool::Runtime::Tokio1)
        .wait_timeout(Some(limits.wait))
        .create_timeout(Some(limits.create))
        .recycle_timeout(Some(limits.recycle))
        .pre_recycle(fresh)
        .build()?;
    Ok(Pool::new(connections, metrics, server.into()))
}

/// Refuses a connection that is old, or may be one to a database that takes no writes any more.
async fn is_fresh(
    connection: &mut AsyncPgConnection,
    metrics: &Metrics,
    lifetime: Duration,
) -> Result<(), HookError<PoolError>> {
    // A tenth either way, so that the pods' connections do not all end at once.
    let share = (std::ptr::from_ref(connection) as usize >> 6) % 200;
    if metrics.age() > lifetime.mul_f64(0.9 + share as f64 / 1000.0) {
        return Err(HookError::message("old enough"));
    }
    // One that rested may have been left on a demoted primary: it answers reads and fails every write.
    if metrics.last_used() > Duration::from_secs(10) {
        let primary = "DO $$ BEGIN IF pg_is_in_recovery() THEN RAISE 'read only'; END IF; END $$";
        let asked = connection.batch_execute(primary).await;
        asked.map_err(|error| HookError::message(error.to_string()))?;
    }
    Ok(())
}

/// A page follows the index of its order. By a bitmap PostgreSQL would read and sort all that the page is cut from, which it does where
/// it takes a large scope for one of many small ones. Nor does one reader take several cores: they are there for the others.
fn for_pages(mut config: tokio_postgres::Config) -> tokio_postgres::Config {
    let options = config.get_options().unwrap_or_default();
    config.options(format!(
        "{options} -c enable_bitmapscan=off -c max_parallel_workers_per_gather=0"
    ));
    config
}

async fn dial(
    config: &tokio_postgres::Config,
    connector: &tls::Connector,
) -> ConnectionResult<tls::Dialed> {
    let dialed = config.connect(connector.clone()).await;
    // The pool's error has no source: what is not in its text is lost.
    dialed.map_err(|error| ConnectionError::BadConnection(innermost(&error)))
}

/// Whether a URL can be read.
pub(crate) fn is_url(url: &str) -> bool {
    tls::split(url).is_ok_and(|(url, _)| url.parse::<tokio_postgres::Config>().is_ok())
}

/// The connection's settings: what the URL says, but for the name and the clocks, which are ours whatever it says: nobody waits for longer.
fn configure(
    url: &str,
    limits: &Limits,
) -> anyhow::Result<(tokio_postgres::Config, tls::Connector)> {
    let (plain, said) = tls::split(url)?;
    let mut config: tokio_postgres::Config =
        plain.parse().context("the database URL cannot be read")?;
    let tls = said.unwrap_or_else(|| Tls::by_default(&config));
    let milliseconds = |clock: Duration| clock.as_millis();
    // Idle in a transaction for less than others wait for a lock: a replica that falls silent holds up nobody's write.
    let options = format!(
        "{} -c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout=700 \
         -c client_connection_check_interval=100",
        config.get_options().unwrap_or_default(),
        milliseconds(limits.statement),
        milliseconds(limits.lock),
    );
    config
        .options(options.trim())
        .application_name("errand")
        .connect_timeout(limits.create)
        .tcp_user_timeout(Duration::from_secs(10))
        .keepalives_idle(Duration::from_secs(10))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .ssl_mode(tls.mode());
    Ok((config, tls::connector(&tls)?))
}

#[cfg(test)]
mod tests;
