//! What is of no use any more goes.
use kit_base::Timestamp;
use kit_db::Db;

use crate::{
    accounts, error::Error, idempotency, refresh, sessions, store::remove, throttle, trust,
};

/// Batches of one table in one go.
const BATCHES: usize = 40;

/// Removes what is of no use any more, in small transactions that hold no lock for long; gives the number of rows.
pub(crate) async fn sweep(db: &Db, now: Timestamp) -> Result<usize, Error> {
    let tasks = [
        (trust::store::SWEEP, now, 500),
        (refresh::store::SWEEP, now.minus(refresh::rules::IDLE), 500),
        // A session takes its tokens with it, hundreds each.
        (sessions::store::SWEEP, now, 20),
        (idempotency::store::SWEEP, now.minus(idempotency::rules::KEPT), 500),
        (accounts::store::SWEEP, now.minus(accounts::rules::REMEMBERED), 500),
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
