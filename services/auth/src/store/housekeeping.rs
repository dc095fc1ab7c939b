use diesel::{sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use kit::{
    Db, Timestamp,
    db::{Cached, sql::Instant},
    on,
};

use crate::{
    Error,
    domain::{session, throttle},
};

/// Batches of one table in one go.
const BATCHES: usize = 40;

/// What is removed, `$2` rows at a time; `$1` is the moment before which a row is of no use.
const REVOCATIONS: &str = "DELETE FROM revocations WHERE session_id IN (SELECT session_id FROM revocations WHERE until < $1 LIMIT $2)";
const TOKENS: &str = "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE issued_at < $1 LIMIT $2)";
const SESSIONS: &str = "DELETE FROM sessions WHERE (account_id, id) IN \
    (SELECT account_id, id FROM sessions WHERE expires_at < $1 LIMIT $2)";
const ATTEMPTS: &str =
    "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE seen_at < $1 LIMIT $2)";

/// Removes what is of no use any more, in small transactions that hold no lock for long; gives the number of rows.
pub(crate) async fn sweep(db: &Db, now: Timestamp) -> Result<usize, Error> {
    let tasks = [
        (REVOCATIONS, now, 500),
        (TOKENS, now.minus(session::IDLE), 500),
        // A session takes its tokens with it, hundreds each.
        (SESSIONS, now, 20),
        (ATTEMPTS, now.minus(throttle::MEMORY), 500),
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
