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

/// Removes at most `limit` rows that are of no use since `before`, by a statement of a store; gives how many.
pub(crate) async fn remove(
    db: &Db,
    statement: &'static str,
    before: Timestamp,
    limit: i64,
) -> Result<usize, Error> {
    let removed = db.write("housekeeping.sweep", move |connection| {
        Box::pin(async move {
            let query =
                Cached(sql_query(statement).bind::<Instant, _>(before).bind::<BigInt, _>(limit));
            on!(connection, conn => query.execute(conn).await)
        })
    });
    removed.await.map_err(Error::from)
}
