//! Deleting what is too old.
use std::{collections::HashMap, time::Duration};

use futures_util::future::join_all;
use kit_base::{Clock, Stop, Timestamp, chance};
use kit_db::{
    Db,
    housekeeping::{finished, register, until_none},
};
use kit_rpc::{idempotency, span};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    Config, Error, access,
    ids::{ObjectId, ScopeId, SessionId, UserId},
    journal::{
        self,
        change::Actor,
        writer::{Writer, submission::Submission},
    },
    trash,
};

/// How often what is too old is deleted.
pub(crate) const PERIOD: Duration = Duration::from_secs(60);

/// Deletes what is too old, a bounded number of rows at a time and until nothing is. Any number of replicas may do so at once; what
/// cannot be deleted now, or takes long, keeps nothing else from it.
pub(crate) async fn keep(
    db: Db,
    clock: Clock,
    writer: Writer,
    config: Config,
    period: Duration,
    stop: Stop,
) {
    register(&["idempotency_keys", "changes", "scopes", "trash"], &clock);
    let days = |days: u32| Duration::from_secs(u64::from(days) * 24 * 3600);
    let until = (&clock, period, &stop);
    let keys = sweep("idempotency_keys", idempotency::KEPT, until, |old| {
        journal::store::sweep_keys(&db, old)
    });
    let changes = sweep("changes", days(config.feed_days), until, |old| {
        journal::store::sweep_changes(&db, old)
    });
    let scopes = async {
        while waited(period, &stop).await {
            let marked = clock.now().minus(access::write::MARKED);
            let erased = access::write::finish(&db, writer.bounds.kinds, marked);
            let outcome = span::job("housekeeping scopes".to_owned(), erased).await;
            note("scopes", outcome.inspect(|()| finished("scopes", &clock)));
        }
    };
    let trash = sweep("trash", days(config.trash_days), until, |old| {
        purge(ACTS, (&db, &writer), old, &stop)
    });
    tokio::join!(keys, changes, scopes, trash);
}

/// Waits until it is time again, which is not the same for all; false when the process stops.
async fn waited(period: Duration, stop: &Stop) -> bool {
    stop.run_until_cancelled(tokio::time::sleep(chance::around(period))).await.is_some()
}

/// Deletes what is older than `age`, again and again. `some` deletes some of what is from before a moment.
async fn sweep<F>(
    what: &'static str,
    age: Duration,
    (clock, period, stop): (&Clock, Duration, &Stop),
    some: impl Fn(Timestamp) -> F,
) where
    F: Future<Output = Result<usize, Error>>,
{
    while waited(period, stop).await {
        let old = clock.now().minus(age);
        let all = until_none(what, (clock, stop), || some(old));
        note(what, span::job(format!("housekeeping {what}"), all).await);
    }
}

/// Says what could not be deleted; it is tried again.
fn note(what: &str, outcome: Result<(), Error>) {
    if let Err(error) = outcome {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        tracing::warn!(what, %error, cause, "what is too old could not all be deleted");
    }
}

/// Acts that are purged in one go.
const ACTS: i64 = 5_000;

/// Purges old trash as a user would, so that the journal tells, `most` acts in one go; how many. Whatever comes of one, the others are purged, and those
/// behind as many as cannot be; an error when none was.
async fn purge(
    most: i64,
    (db, writer): (&Db, &Writer),
    before: Timestamp,
    stop: &Stop,
) -> Result<usize, Error> {
    let (mut after, mut all) = (Timestamp::from_seconds(0), Ok(()));
    loop {
        let acts = trash::store::deleted(db, (after, before), most).await?;
        let Some((last, ..)) = acts.last() else { return all.map(|()| 0) };
        after = *last;
        let acts = acts.into_iter().map(|(_, scope, id)| (scope, id)).collect();
        let (purged, outcome) = purge_all(writer, acts, stop).await;
        all = outcome.and(all);
        if purged > 0 || stop.is_cancelled() {
            note("trash", all);
            return Ok(purged);
        }
    }
}

/// How many of these, and what kept others.
async fn purge_all(
    writer: &Writer,
    acts: Vec<(ScopeId, ObjectId)>,
    stop: &Stop,
) -> (usize, Result<(), Error>) {
    let (mut all, mut purged) = (Ok(()), 0);
    for (scope, some) in turns(acts) {
        if stop.is_cancelled() {
            break;
        }
        for outcome in join_all(some.into_iter().map(|id| purge_one(writer, scope, id))).await {
            match outcome {
                Ok(done) => purged += usize::from(done),
                Err(error) => all = Err(error),
            }
        }
    }
    (purged, all)
}

/// Acts of one scope that are purged at once: they share units of work, on one connection.
const TOGETHER: usize = 16;

/// Some of each scope in turn, so that nobody waits for all that another has deleted.
fn turns(acts: Vec<(ScopeId, ObjectId)>) -> Vec<(ScopeId, Vec<ObjectId>)> {
    let mut scopes: HashMap<ScopeId, Vec<ObjectId>> = HashMap::new();
    for (scope, id) in acts {
        scopes.entry(scope).or_default().push(id);
    }
    let mut turns: Vec<(usize, ScopeId, Vec<ObjectId>)> = vec![];
    for (scope, acts) in scopes {
        let some = acts.chunks(TOGETHER).enumerate();
        turns.extend(some.map(|(turn, some)| (turn, scope, some.to_vec())));
    }
    turns.sort_by_key(|(turn, ..)| *turn);
    turns.into_iter().map(|(_, scope, some)| (scope, some)).collect()
}

/// False when it was gone already.
async fn purge_one(writer: &Writer, scope: ScopeId, id: ObjectId) -> Result<bool, Error> {
    let (user_id, session_id) = (UserId(Uuid::nil()), SessionId(Uuid::nil()));
    let (request_id, trace_id) = ("housekeeping".to_owned(), String::new());
    let actor = Actor { user_id, session_id, request_id, trace_id };
    let command = Box::new(trash::write::Write::Purge { id });
    let deadline = Instant::now() + PERIOD;
    match writer.submit(scope, Submission { actor, key: None, command, bytes: 0, deadline }).await {
        // A sibling was faster.
        Err(error) if error.is_missing() || error.is_erased() => Ok(false),
        outcome => outcome.map(|_| true),
    }
}

#[cfg(test)]
mod tests;
