//! Changes to the schema: each runs once, in order, under a lock.
use std::time::Duration;

use diesel::{QueryableByName, sql_query, sql_types};
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};

use kit_base::error::chain;

use super::{Connection, Db, Error, connection::Backend};
use crate::{on, read};

/// One step. Steps only expand: what the release before reads and writes stays.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Counts from 1, without gaps.
    pub version: i32,
    /// What it does.
    pub name: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
    /// For SQLite.
    pub sqlite: &'static str,
    /// Indexes of tables that have rows already: PostgreSQL builds them beside the writers, after the steps.
    pub indexes: &'static [Index],
}

/// An index to be built while others write.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// What follows ON: the table and its columns, the same on both backends.
    pub on: &'static str,
    /// The one that is dropped when this is there: what that was for, this is for, too.
    pub replaces: Option<&'static str>,
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = sql_types::Bool)]
    taken: bool,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = sql_types::Nullable<sql_types::Integer>)]
    version: Option<i32>,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)";

const CURRENT: &str = "SELECT max(version) AS version FROM schema_migrations";

/// Runs what has not run yet and gives the version the schema is at. Safe to call from several processes at once.
pub async fn apply(db: &Db, migrations: &'static [Migration]) -> Result<i32, Error> {
    let version = db.write("schema.migrate", move |connection| {
        Box::pin(async move {
            lock(connection).await?;
            on!(connection, conn => conn.batch_execute(TABLE).await)?;
            let Version { version } =
                on!(connection, conn => sql_query(CURRENT).get_result(conn).await)?;
            let at = version.unwrap_or(0);
            for migration in migrations.iter().filter(|migration| migration.version > at) {
                step(connection, migration).await?;
            }
            Ok::<_, Error>(migrations.last().map_or(at, |last| last.version.max(at)))
        })
    });
    let version = version.await?;
    index(&mut db.acquire().await?, migrations).await?;
    Ok(version)
}

/// Builds the indexes that are missing, outside any transaction, so that nobody waits; one process at a time.
async fn index(connection: &mut Connection, migrations: &[Migration]) -> Result<(), Error> {
    let indexes = migrations.iter().flat_map(|migration| migration.indexes);
    let Backend::Postgres(mut shared) = connection.backend() else {
        for Index { name, on, replaces } in indexes {
            let index = format!("CREATE INDEX IF NOT EXISTS {name} ON {on}");
            on!(connection, conn => conn.batch_execute(&index).await)?;
            if let Some(former) = replaces {
                let index = format!("DROP INDEX IF EXISTS {former}");
                on!(connection, conn => conn.batch_execute(&index).await)?;
            }
        }
        return Ok(());
    };
    // Not waited for in the database: a statement that waits there has a snapshot, for whose end the building of an index waits.
    while !sql_query(ALONE).get_result::<Taken>(&mut shared).await?.taken {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    shared.batch_execute("SET statement_timeout = 0; SET lock_timeout = '60s'").await?;
    let built = async {
        for Index { name, on, replaces } in indexes {
            // One whose building was cut short is there and of no use.
            shared.batch_execute(&DROP_INVALID.replace("NAME", name)).await?;
            let index = format!("CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {on}");
            shared.batch_execute(&index).await?;
            if let Some(former) = replaces {
                let index = format!("DROP INDEX CONCURRENTLY IF EXISTS {former}");
                shared.batch_execute(&index).await?;
            }
        }
        Ok(())
    };
    let built: Result<(), diesel::result::Error> = built.await;
    shared.batch_execute(TOGETHER_AGAIN).await?;
    Ok(built?)
}

const ALONE: &str = "SELECT pg_try_advisory_lock(7261641) AS taken";
const TOGETHER_AGAIN: &str =
    "SELECT pg_advisory_unlock(7261641); RESET statement_timeout; RESET lock_timeout";
const DROP_INVALID: &str = "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_index
    WHERE indexrelid = to_regclass('NAME') AND NOT indisvalid) THEN DROP INDEX NAME; END IF; END $$";

const LOCK: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock(7261640)";

/// A URL may name a schema of its own, as in `?options=-c%20search_path%3Dledger`: it is made here.
const SCHEMA: &str = "DO $$ BEGIN IF current_schema() IS NULL THEN
    EXECUTE format('CREATE SCHEMA %I', split_part(current_setting('search_path'), ',', 1)); END IF; END $$";

/// One at a time; on SQLite the transaction itself is the lock.
async fn lock(connection: &mut Connection) -> Result<(), Error> {
    if let Backend::Postgres(mut shared) = connection.backend() {
        shared.batch_execute(LOCK).await?;
        shared.batch_execute(SCHEMA).await?;
    }
    Ok(())
}

async fn step(connection: &mut Connection, migration: &Migration) -> Result<(), Error> {
    let Migration { version, name, postgres, sqlite, indexes: _ } = *migration;
    match connection.backend() {
        Backend::Postgres(mut shared) => shared.batch_execute(postgres).await?,
        Backend::Sqlite(lite) => lite.batch_execute(sqlite).await?,
    }
    let record =
        format!("INSERT INTO schema_migrations (version, name) VALUES ({version}, '{name}')");
    on!(connection, conn => conn.batch_execute(&record).await)?;
    tracing::info!(version, name, "the schema was migrated");
    Ok(())
}

/// The version the schema is at; an error when it is older than `migrations` want, and no error when it is newer.
pub async fn check(db: &Db, migrations: &[Migration]) -> Result<i32, String> {
    let wanted = migrations.last().map_or(0, |last| last.version);
    let found =
        read!(db, "schema.version", conn => sql_query(CURRENT).get_result::<Version>(conn).await);
    match found {
        Ok(Version { version }) if version.unwrap_or(0) >= wanted => Ok(version.unwrap_or(0)),
        Ok(Version { version }) => Err(format!(
            "the schema is at version {}, {wanted} is needed: run `errand migrate`",
            version.unwrap_or(0)
        )),
        Err(Error::Query(_)) => {
            Err(format!("there is no schema, version {wanted} is needed: run `errand migrate`"))
        }
        Err(error) => Err(chain(&error)),
    }
}
