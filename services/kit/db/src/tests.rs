//! What holds on both databases.
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use kit_base::{Clock, Timestamp};

use crate::{
    Db, Error, Limits, Migration,
    migrate::{self, Index},
    on, read,
    sql::JsonText,
    testing::{Backend, Database},
};

mod doubt;
mod encryption;
mod migrations;
mod pools;
mod searches;
mod transactions;
mod values;

crate::id!(ThingId, "Names a thing.");

diesel::table! {
    use diesel::sql_types::Text;
    use crate::sql::{Instant, Json, Uuid};

    things (id) {
        id -> Uuid,
        name -> Text,
        at -> Instant,
        document -> Json,
    }
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "things",
        postgres: "CREATE TABLE things (id UUID PRIMARY KEY, name TEXT NOT NULL UNIQUE); CREATE INDEX things_former ON things (name, id)",
        sqlite: "CREATE TABLE things (id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE); CREATE INDEX things_former ON things (name, id)",
        indexes: &[],
    },
    Migration {
        version: 2,
        name: "what they are",
        postgres: "ALTER TABLE things ADD at TIMESTAMPTZ NOT NULL; ALTER TABLE things ADD document JSONB NOT NULL",
        sqlite: "ALTER TABLE things ADD at INTEGER NOT NULL DEFAULT 0; ALTER TABLE things ADD document TEXT NOT NULL DEFAULT '{}'",
        indexes: &[Index { name: "things_at", on: "things (at)", replaces: Some("things_former") }],
    },
];

/// One that has nothing to wait for long, and one connection to write on.
fn limits() -> Limits {
    let short = std::time::Duration::from_millis(100);
    Limits { connections: 1, wait: short, lock: short, ..Limits::default() }
}

/// A process's way to the database.
async fn open(database: &Database) -> Db {
    let db = Db::open(&database.url, &limits()).unwrap();
    db.up().await.unwrap();
    db
}

/// A database with things in it, none yet, and a way to it.
async fn things(backend: Backend, purpose: &str) -> (Database, Db) {
    let database = Database::new(backend, purpose).await;
    let db = open(&database).await;
    assert_eq!(migrate::apply(&db, MIGRATIONS).await.unwrap(), 2);
    (database, db)
}

/// Adds a thing.
async fn add(connection: &mut crate::Connection, name: &'static str) -> Result<(), Error> {
    let row = (
        (things::id.eq(ThingId::new(&Clock::system())), things::name.eq(name)),
        things::at.eq(Timestamp::from_seconds(1_800_000_000)),
        things::document.eq(JsonText("{}".to_owned())),
    );
    let insert = diesel::insert_into(things::table).values(row);
    on!(connection, conn => insert.execute(conn).await).map(drop)
}

/// The names of all things.
async fn names(db: &Db) -> Vec<String> {
    let query = things::table.select(things::name).order(things::name).limit(100);
    read!(db, "test.names", conn => query.load(conn).await).unwrap()
}

/// Runs statements as they stand.
async fn run(db: &Db, statements: &'static str) -> Result<(), Error> {
    db.write("test.run", move |connection| {
        Box::pin(async move { on!(connection, conn => conn.batch_execute(statements).await) })
    })
    .await
}
