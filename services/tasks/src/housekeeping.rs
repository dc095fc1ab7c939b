//! Deleting what is too old.
use std::time::Duration;

use kit_base::{Clock, Stop, Timestamp};
use kit_db::Db;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    Config, Error,
    ids::{SessionId, UserId},
    journal::{
        self,
        change::Actor,
        writer::{Submission, Writer},
    },
    trash,
};

/// How often what is too old is deleted.
const PERIOD: Duration = Duration::from_secs(600);
/// Idempotency keys are kept this long.
const KEYS: Duration = Duration::from_secs(24 * 3600);

/// Deletes what is too old, a bounded number of rows at a time. Any number of replicas may do so at once.
pub(crate) async fn keep(db: Db, clock: Clock, writer: Writer, config: Config, stop: Stop) {
    let days = |days: u32| Duration::from_secs(u64::from(days) * 24 * 3600);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let now = clock.now();
        if let Err(error) =
            journal::store::sweep(&db, now.minus(KEYS), now.minus(days(config.feed_days))).await
        {
            tracing::warn!(%error, "keys and changes that are too old could not be deleted");
        }
        if let Err(error) = purge(&db, &writer, now.minus(days(config.trash_days)), &stop).await {
            tracing::warn!(%error, "trash that is too old could not be purged");
        }
    }
}

/// Purges old trash as a user would, so that the journal tells.
async fn purge(db: &Db, writer: &Writer, before: Timestamp, stop: &Stop) -> Result<(), Error> {
    for (scope, id) in trash::store::older_than(db, before).await? {
        if stop.is_cancelled() {
            break;
        }
        let (user_id, session_id) = (UserId(Uuid::nil()), SessionId(Uuid::nil()));
        let actor = Actor {
            user_id,
            session_id,
            request_id: "housekeeping".to_owned(),
            trace_id: String::new(),
        };
        let deadline = Instant::now() + PERIOD;
        let command = Box::new(trash::write::Write::Purge { id });
        match writer.submit(scope, Submission { actor, key: None, command, deadline }).await {
            // A sibling was faster.
            Err(error) if error.is_missing() => {}
            outcome => drop(outcome?),
        }
    }
    Ok(())
}
