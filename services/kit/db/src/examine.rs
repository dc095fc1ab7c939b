//! What an operator asks of a database that is in doubt.
use std::time::Duration;

use diesel::{QueryableByName, sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl;

use super::{Db, Error, Migration, migrate};
use crate::on;
use kit_base::{clock::Clock, error::chain};

/// What was looked at, and what was found there or what to do about it.
pub type Finding = (&'static str, Result<String, String>);

/// Tokens live for minutes: clocks that are further apart than this let in too much or too little.
const LARGEST_SKEW: Duration = Duration::from_secs(2);

/// Whether it can be reached, is at the version of `migrations`, can be written, and agrees about the time. Nothing is changed.
pub async fn all(db: &Db, migrations: &[Migration], clock: &Clock) -> Vec<Finding> {
    if let Err(error) = db.up().await {
        return vec![(
            "database",
            Err(format!(
                "{}: is the server up, and are host, name and password in the URL right?",
                chain(&error)
            )),
        )];
    }
    let version = migrate::check(db, migrations).await.map(|version| format!("version {version}"));
    let mut findings =
        vec![("database", Ok(format!("{} answers", db.system()))), ("schema", version)];
    if findings.iter().all(|(_, found)| found.is_ok()) {
        findings.push(("write permission", writable(db).await));
    }
    // A file has the clock of this machine.
    if matches!(db, Db::Postgres(_)) {
        findings.push(("clock", agrees(db, clock).await));
    }
    findings
}

/// Writes, and takes it back.
async fn writable(db: &Db) -> Result<String, String> {
    let mut connection = db.acquire().await.map_err(|error| chain(&error))?;
    let write = async {
        connection.begin().await?;
        let touch = "UPDATE schema_migrations SET name = name";
        on!(connection, conn => sql_query(touch).execute(conn).await).map(drop)
    };
    let written: Result<(), Error> = write.await;
    connection.rollback().await;
    let advice = "grant the user of the URL the right to write, or free the disk";
    written
        .map(|()| "it can be written".to_owned())
        .map_err(|error| format!("{}: {advice}", chain(&error)))
}

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = BigInt)]
    milliseconds: i64,
}

async fn agrees(db: &Db, clock: &Clock) -> Result<String, String> {
    let Db::Postgres(_) = db else {
        return Ok("the database is a file of this machine".to_owned());
    };
    let query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS milliseconds";
    let mut connection = db.acquire().await.map_err(|error| chain(&error))?;
    let before = clock.now();
    let found: Result<Moment, Error> =
        on!(connection, conn => sql_query(query).get_result(conn).await);
    let theirs = found.map_err(|error| chain(&error))?.milliseconds;
    let skew = Duration::from_millis((before.as_microseconds() / 1000).abs_diff(theirs));
    match skew <= LARGEST_SKEW {
        true => Ok(format!("within {} ms of the database's", skew.as_millis())),
        false => Err(format!(
            "{} ms away from the database's: let both machines follow NTP",
            skew.as_millis()
        )),
    }
}
