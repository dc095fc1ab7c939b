//! What is of no use any more goes.
use diesel::{sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use kit::{
    Db, Timestamp,
    db::{Cached, sql::Instant},
    on,
};

use crate::{error::Error, refresh, sessions, throttle, trust};

/// Batches of one table in one go.
const BATCHES: usize = 40;

/// Removes what is of no use any more, in small transactions that hold no lock for long; gives the number of rows.
pub(crate) async fn sweep(db: &Db, now: Timestamp) -> Result<usize, Error> {
    let tasks = [
        (trust::store::SWEEP, now, 500),
        (refresh::store::SWEEP, now.minus(refresh::rules::IDLE), 500),
        // A session takes its tokens with it, hundreds each.
        (sessions::store::SWEEP, now, 20),
        (throttle::store::SWEEP, now.minus(throttle::rules::MEMORY), 500),
    ];
    let mut removed = 0;
    for (statement, before, limit) in tasks {
        for _ in 0..BATCHES {
            let batch = remove(db, statement, before, limit).await?;
            removed += batch;
            if batch < usize::try_from(limit).unwrap_or(0) {
                break;
            }
        }
    }
    Ok(removed)
}

async fn remove(
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
