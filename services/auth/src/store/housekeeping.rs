use diesel::sql_query;
use diesel_async::RunQueryDsl;
use kit::{
    Db, Timestamp, db,
    db::{Cached, sql::Instant},
    on,
};

use crate::{
    Error,
    domain::{session, throttle},
};

/// Rows that one transaction removes, so that none holds its locks for long.
const BATCH: usize = 500;
/// Batches of one table in one go.
const BATCHES: usize = 40;

/// What is removed, a bounded number at a time; `$1` is the moment before which a row is of no use.
const REVOCATIONS: &str =
    "DELETE FROM revocations WHERE session_id IN (SELECT session_id FROM revocations WHERE until < $1 LIMIT 500)";
const TOKENS: &str = "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE issued_at < $1 LIMIT 500)";
const SESSIONS: &str = "DELETE FROM sessions WHERE (account_id, id) IN \
    (SELECT account_id, id FROM sessions WHERE expires_at < $1 LIMIT 500)";
const ATTEMPTS: &str = "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE seen_at < $1 LIMIT 500)";

/// Removes what is of no use any more; gives the number of rows.
pub(crate) async fn sweep(db: &Db, now: Timestamp) -> Result<usize, Error> {
    let tasks = [
        (REVOCATIONS, now),
        (TOKENS, now.minus(session::IDLE)),
        (SESSIONS, now),
        (ATTEMPTS, now.minus(throttle::MEMORY)),
    ];
    let mut removed = 0;
    for (statement, before) in tasks {
        for _ in 0..BATCHES {
            let batch = remove(db, statement, before).await?;
            removed += batch;
            if batch < BATCH {
                break;
            }
        }
    }
    Ok(removed)
}

async fn remove(db: &Db, statement: &'static str, before: Timestamp) -> Result<usize, Error> {
    let removed = db.write("housekeeping.sweep", move |connection| {
        Box::pin(async move {
            let query = Cached(sql_query(statement).bind::<Instant, _>(before));
            on!(connection, conn => query.execute(conn).await)
        })
    });
    removed.await.map_err(db::Error::into)
}
