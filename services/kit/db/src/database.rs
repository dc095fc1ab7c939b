//! One database, whichever it is.
use futures_util::future::BoxFuture;
use kit_base::switches;

use crate::{
    connection::Connection,
    error::{DATABASE, Error},
    limits::Limits,
    metrics,
    postgres::{self, Postgres},
    sqlite::Sqlite,
};

/// A database, on whichever backend its URL names.
#[derive(Clone)]
pub enum Db {
    /// `postgres://user@host/name`
    Postgres(Postgres),
    /// `sqlite:path`
    Sqlite(Sqlite),
}

impl Db {
    /// Reads the URL and makes the pools; connects when first needed. To be called inside a runtime.
    pub fn open(url: &str, limits: &Limits) -> anyhow::Result<Self> {
        switches::offer([switches::Place::Dependency(DATABASE.to_owned())]);
        match url.split_once(':') {
            Some(("sqlite", path)) => {
                Ok(Self::Sqlite(Sqlite::open(path.trim_start_matches("//"), limits)?))
            }
            Some(("postgres" | "postgresql", _)) => {
                Ok(Self::Postgres(Postgres::open(url, limits)?))
            }
            _ => anyhow::bail!("the database URL begins with neither postgres: nor sqlite:"),
        }
    }

    /// What is wrong with a URL that the setting `name` holds. It is not shown: it may hold a password.
    pub fn fault(name: &str, url: &str) -> Option<String> {
        let form = "as postgres://user:password@host/name or sqlite:path/of/file.db";
        let unset = || Some(format!("{name} must be set, {form}"));
        match url.split_once(':') {
            Some(("sqlite", path)) => {
                let is_file = !path.trim_start_matches("//").is_empty() && !path.ends_with('/');
                if is_file { None } else { unset() }
            }
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                let unread = "its port, or a parameter behind the ?, is none that PostgreSQL has";
                (!postgres::is_url(url))
                    .then(|| format!("{name} cannot be read: {unread}; it must be {form}"))
            }
            _ => unset(),
        }
    }

    /// How many connections there are for writes.
    pub fn connections(&self) -> usize {
        match self {
            Self::Postgres(postgres) => postgres.writers.most(),
            Self::Sqlite(_) => 1,
        }
    }

    /// Whether reads can be served now. Opens a connection for writes and one for searches as well, where that is possible: who comes first
    /// need not wait for them.
    pub async fn up(&self) -> Result<(), Error> {
        match self {
            Self::Postgres(postgres) => postgres.up().await,
            Self::Sqlite(sqlite) => sqlite.up().await,
        }
    }

    /// Which server cannot be reached at the moment, and why, as far as is known.
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Postgres(postgres) => postgres.trouble(),
            Self::Sqlite(_) => None,
        }
    }

    /// An exclusive connection, not yet in a transaction: there is none while nothing is to be written.
    pub async fn acquire(&self) -> Result<Connection, Error> {
        if let Some(left) = switches::writes_refused() {
            return Err(Error::ReadOnly(left));
        }
        Ok(match self {
            Self::Postgres(postgres) => Connection::postgres(postgres.writers.get().await?),
            Self::Sqlite(sqlite) => Connection::sqlite(sqlite.writer.get().await?),
        })
    }

    /// A connection for one search.
    pub async fn searcher(&self) -> Result<Connection, Error> {
        Ok(match self {
            Self::Postgres(postgres) => Connection::postgres(postgres.searches.get().await?),
            Self::Sqlite(sqlite) => Connection::sqlite(sqlite.searches.get().await?),
        }
        .searching())
    }

    /// Runs `work` in a transaction called `name`: committed when it succeeds, rolled back when it does not. It goes on to its
    /// end when the caller hangs up, so that no transaction is left open by a dropped future.
    pub async fn write<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let db = self.clone();
        let transaction = kit_base::work::spawn(async move {
            let started = tokio::time::Instant::now();
            let step = metrics::begin(db.system(), name);
            let mut connection = db.acquire().await?;
            connection.begin().await?;
            let outcome = work(&mut connection).await;
            match &outcome {
                Ok(_) => connection.commit().await?,
                Err(_) => connection.rollback().await,
            }
            metrics::end(step, outcome.is_ok());
            metrics::database_operation(db.system(), name, started.elapsed(), outcome.is_ok());
            outcome
        });
        transaction.await.unwrap_or_else(|panic| Err(Error::Query(panic.into()).into()))
    }

    /// The name of the backend, as OpenTelemetry has it (`db.system.name`).
    pub fn system(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgresql",
            Self::Sqlite(_) => "sqlite",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_database() {
        for url in [
            "sqlite:errand.db",
            "sqlite:///var/lib/errand.db",
            "postgres://u:p@h/errand?sslmode=require",
            "postgresql://u@h1,h2/errand",
        ] {
            assert_eq!(Db::fault("DATABASE_URL", url), None, "{url}");
        }
        for url in [
            "",
            "sqlite:",
            "sqlite://",
            "sqlite:data/",
            "sqlite",
            "mysql://h/d",
            "postgres:",
            "postgres:h",
        ] {
            let fault = Db::fault("DATABASE_URL", url).expect(url);
            assert!(
                fault.starts_with("DATABASE_URL must be set, as ") && !fault.contains("mysql"),
                "{fault}"
            );
        }
        for url in ["postgres://u:secret@h:port/d", "postgres://u:secret@h/d?sslmod=require"] {
            let fault = Db::fault("DATABASE_URL", url).expect(url);
            assert!(fault.starts_with("DATABASE_URL cannot be read: its port, "), "{fault}");
            assert!(!fault.contains("secret") && !fault.contains("sslmod"), "{fault}");
        }
    }
}
