//! The database, PostgreSQL or SQLite: queries stand once and run on either.
//!
//! Reads take a shared connection for one statement ([`read!`](crate::read!)); writes take an exclusive one, in a transaction
//! that runs to its end even when its caller has gone ([`Db::write`]).
mod cached;
#[doc(hidden)]
pub mod connection;
mod error;
pub mod examine;
mod id;
pub mod metrics;
pub mod migrate;
mod names;
mod postgres;
pub mod sql;
mod sqlite;
#[doc(hidden)]
pub mod statement;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;

use std::time::Duration;

use futures_util::future::BoxFuture;

use self::metrics::PoolState;

#[doc(hidden)]
pub use kit_base as base;

pub use cached::Cached;
pub use connection::Connection;
pub use error::Error;
pub use migrate::Migration;
pub use postgres::Postgres;
pub use sqlite::{Lite, Sqlite};
pub use statement::Statement;

/// A database, on whichever backend its URL names.
#[derive(Clone)]
pub enum Db {
    /// `postgres://user@host/name`
    Postgres(Postgres),
    /// `sqlite:path`
    Sqlite(Sqlite),
}

/// How long a query may take, part by part, and how many connections there are.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Names the pool in metrics.
    pub name: &'static str,
    /// Exclusive connections of this process.
    pub connections: usize,
    /// For one of them to become free.
    pub wait: Duration,
    /// For a new one.
    pub create: Duration,
    /// For the check of one that rested.
    pub recycle: Duration,
    /// For a statement.
    pub statement: Duration,
    /// For a lock.
    pub lock: Duration,
    /// After which a connection is replaced, a tenth more or less.
    pub connection_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            name: "default",
            connections: 8,
            wait: Duration::from_millis(250),
            create: Duration::from_secs(2),
            recycle: Duration::from_millis(500),
            statement: Duration::from_millis(1500),
            lock: Duration::from_millis(800),
            connection_lifetime: Duration::from_secs(1800),
        }
    }
}

impl Db {
    /// Reads the URL and makes the pools; connects when first needed. To be called inside a runtime.
    pub fn open(url: &str, limits: &Limits) -> anyhow::Result<Self> {
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

    /// Whether reads can be served now.
    pub async fn up(&self) -> Result<(), Error> {
        match self {
            Self::Postgres(postgres) => postgres.up().await,
            Self::Sqlite(sqlite) => sqlite.reader().await.map(drop),
        }
    }

    /// An exclusive connection, not yet in a transaction.
    pub async fn acquire(&self) -> Result<Connection, Error> {
        let asked = tokio::time::Instant::now();
        let (metrics, status, taken) = match self {
            Self::Postgres(postgres) => {
                let taken = postgres.pool.get().await.map(Connection::postgres);
                (&postgres.metrics, postgres.pool.status(), taken)
            }
            Self::Sqlite(sqlite) => {
                let taken = sqlite.writer.get().await.map(Connection::sqlite);
                (&sqlite.metrics, sqlite.writer.status(), taken)
            }
        };
        metrics.stands(PoolState {
            used: status.size.saturating_sub(status.available),
            idle: status.available,
            max: status.max_size,
            pending: status.waiting,
        });
        match &taken {
            Ok(_) => metrics.waited(asked.elapsed()),
            Err(_) => metrics.timed_out(),
        }
        Ok(taken?)
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
            let mut connection = db.acquire().await?;
            connection.begin().await?;
            let outcome = work(&mut connection).await;
            match &outcome {
                Ok(_) => connection.commit().await?,
                Err(_) => connection.rollback().await,
            }
            crate::metrics::database_operation(
                db.system(),
                name,
                started.elapsed(),
                outcome.is_ok(),
            );
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

/// Runs one reading query: `read!(db, "task.get", conn => query.first(conn).await)` gives `Result<_, kit_db::Error>`.
/// A boxed query names its backend: `read!(db, "task.list", conn: Backend => query.into_boxed::<Backend>()…)`.
#[macro_export]
macro_rules! read {
    ($db:expr, $name:literal, $conn:ident => $query:expr) => {
        $crate::read!($db, $name, $conn: _Backend => $query)
    };
    ($db:expr, $name:literal, $conn:ident: $backend:ident => $query:expr) => {{
        let started = ::tokio::time::Instant::now();
        let db: &$crate::Db = $db;
        let found = async {
            match db {
                $crate::Db::Postgres(postgres) => {
                    type $backend = ::diesel::pg::Pg;
                    let lane = postgres.lane()?;
                    let $conn = &mut &*lane;
                    $query.map_err($crate::Error::from)
                }
                $crate::Db::Sqlite(sqlite) => {
                    type $backend = ::diesel::sqlite::Sqlite;
                    let mut reader = sqlite.reader().await?;
                    let $conn = &mut *reader;
                    $query.map_err($crate::Error::from)
                }
            }
        }
        .await;
        $crate::metrics::database_operation(db.system(), $name, started.elapsed(), found.is_ok());
        found
    }};
}

/// Runs one query on an exclusive connection: `on!(connection, conn => query.execute(conn).await)`.
#[macro_export]
macro_rules! on {
    ($connection:expr, $conn:ident => $query:expr) => {
        match $connection.backend() {
            $crate::connection::Backend::Postgres(shared) => {
                let $conn = &mut &*shared;
                $query.map_err($crate::Error::from)
            }
            $crate::connection::Backend::Sqlite($conn) => $query.map_err($crate::Error::from),
        }
    };
}

/// Runs several queries on an exclusive connection, in their order and, on PostgreSQL, in one trip:
/// `together!(connection, conn => first.execute(conn).await, second.load(conn).await)` gives a result of a tuple. Statements that
/// were made before can go along, `together!(connection, conn => first.execute(conn).await; statements)`: then it is a pair.
/// For up to a handful: what has to come last for sure (COMMIT) is sent when these have answered.
#[macro_export]
macro_rules! together {
    ($connection:expr, $conn:ident => $($query:expr),+ $(,)?) => {
        $crate::together!($connection, $conn => $($query),+; Vec::<$crate::Statement>::new()).map(|(found, _)| found)
    };
    ($connection:expr, $conn:ident => $($query:expr),+; $statements:expr) => {
        match $connection.backend() {
            $crate::connection::Backend::Postgres(shared) => {
                ::futures_util::try_join!(
                    async {
                        ::futures_util::try_join!($(async {
                            let $conn = &mut &*shared;
                            $query.map_err($crate::Error::from)
                        }),+)
                    },
                    $crate::statement::send($crate::connection::Backend::Postgres(shared), $statements),
                )
            }
            $crate::connection::Backend::Sqlite(lite) => async {
                let found = ($({
                    let $conn = &mut *lite;
                    $query.map_err($crate::Error::from)?
                },)+);
                let sent = $crate::statement::send($crate::connection::Backend::Sqlite(lite), $statements).await?;
                Ok::<_, $crate::Error>((found, sent))
            }
            .await,
        }
    };
}

/// Runs a query for each item of some lists, on PostgreSQL all in one trip:
/// `for_each!(connection, conn => row in rows => insert(row).execute(conn).await; key in keys => …)` gives `Result<(), _>`.
#[macro_export]
macro_rules! for_each {
    ($connection:expr, $conn:ident => $($item:ident in $items:expr => $query:expr);+ $(;)?) => {
        match $connection.backend() {
            $crate::connection::Backend::Postgres(shared) => {
                let mut queries: Vec<::futures_util::future::BoxFuture<'_, Result<(), $crate::Error>>> = vec![];
                $(for $item in $items {
                    queries.push(Box::pin(async move {
                        let $conn = &mut &*shared;
                        $query.map(drop).map_err($crate::Error::from)
                    }));
                })+
                ::futures_util::future::try_join_all(queries).await.map(drop)
            }
            $crate::connection::Backend::Sqlite(lite) => async {
                $(for $item in $items {
                    let $conn = &mut *lite;
                    $query.map_err($crate::Error::from)?;
                })+
                Ok::<(), $crate::Error>(())
            }
            .await,
        }
    };
}
