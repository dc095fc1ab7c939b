//! What every store asks of the database.
use diesel::{sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{self as db, Cached, Db, on, sql::Instant};

use crate::error::Error;

/// None where there is no such row.
pub(crate) fn optional<T>(found: Result<T, db::Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(row) => Ok(Some(row)),
        Err(db::Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What of a table goes when it is old.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sweep {
    pub(crate) table: &'static str,
    /// What names a row: a column, or some with commas between.
    pub(crate) key: &'static str,
    /// The column that tells since when it is of no use.
    pub(crate) age: &'static str,
}

/// Removes at most `limit` rows that are of no use since `before`; gives how many. Those that somebody else holds are left alone:
/// a sibling removes them, or they are not that old any more.
pub(crate) async fn remove(
    db: &Db,
    Sweep { table, key, age }: Sweep,
    before: Timestamp,
    limit: i64,
) -> Result<usize, Error> {
    let removed = db.write("housekeeping.sweep", move |connection| {
        Box::pin(async move {
            let lock = connection.free_row_lock();
            let old = format!("SELECT {key} FROM {table} WHERE {age} < $1 LIMIT $2{lock}");
            let query = sql_query(format!("DELETE FROM {table} WHERE ({key}) IN ({old})"));
            let query = Cached(query.bind::<Instant, _>(before).bind::<BigInt, _>(limit));
            on!(connection, conn => query.execute(conn).await)
        })
    });
    removed.await.map_err(Error::from)
}
