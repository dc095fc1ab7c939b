//! Deleting what is too old.
use std::time::Duration;

use kit_base::{Clock, Stop, Timestamp};
use kit_db::Db;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    Config, Error, access,
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
        if let Err(error) = access::write::finish(&db, now.minus(access::write::MARKED)).await {
            tracing::warn!(%error, "what deleted accounts left behind could not be erased");
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
            Err(error) if error.is_missing() || error.is_erased() => {}
            outcome => drop(outcome?),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kit_db::testing::Backend;

    use super::*;
    use crate::{
        ids::{ProjectId, TaskId},
        journal::change::{Change, Operation},
        migrations::tests::Store,
        projects,
        tasks::{self, rules::TaskFields},
    };

    kit_db::on_each_backend!(
        old_trash_is_purged_as_a_user_would_and_young_trash_stays,
        nothing_is_purged_after_the_stop,
        siblings_that_purge_at_once_purge_once,
        what_is_old_in_the_journal_goes_and_what_is_young_stays,
        an_erasing_that_was_broken_off_is_finished_and_forgotten,
    );

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn task(number: u128) -> TaskId {
        TaskId(Uuid::from_u128(number))
    }

    fn new(id: TaskId, project: Option<ProjectId>) -> tasks::write::Write {
        let title = Some(id.to_string());
        let fields = Box::new(TaskFields { title, ..TaskFields::default() });
        tasks::write::Write::Create { id: Some(id), project, parent: None, fields }
    }

    fn delete(id: TaskId) -> tasks::write::Write {
        tasks::write::Write::Delete { id, if_version: None }
    }

    async fn changes(store: &Store) -> Vec<Change> {
        journal::store::changes_after(&store.db, store.scope, 0, 99).await.unwrap()
    }

    async fn purges(store: &Store) -> Vec<Change> {
        let mut changes = changes(store).await;
        changes.retain(|change| change.operation == Operation::Purge);
        changes
    }

    async fn in_trash(store: &Store) -> Vec<Uuid> {
        let items = trash::store::list(&store.db, store.scope, None, 99).await.unwrap();
        items.into_iter().map(|item| item.id.0).collect()
    }

    async fn purge_all(store: &Store, stop: &Stop) -> Result<(), Error> {
        purge(&store.db, &store.writer, store.clock.now().minus(DAY), stop).await
    }

    async fn old_trash_is_purged_as_a_user_would_and_young_trash_stays(backend: Backend) {
        let store = Store::new(backend).await;
        let project = ProjectId(Uuid::from_u128(20));
        let name = "Attic".to_owned();
        let made = projects::write::Write::Create { id: Some(project), name };
        store.carries_out(made).await.unwrap();
        for (id, project) in [(10, None), (11, None), (12, Some(project)), (13, None)] {
            store.carries_out(new(task(id), project)).await.unwrap();
        }
        store.carries_out(delete(task(10))).await.unwrap();
        let gone = projects::write::Write::Delete { id: project, if_version: None };
        store.carries_out(gone).await.unwrap();
        store.clock.advance(DAY);
        store.carries_out(delete(task(11))).await.unwrap();
        purge_all(&store, &Stop::new()).await.unwrap();
        assert_eq!(in_trash(&store).await.len(), 3, "a day old to the microsecond is not older");

        store.clock.advance(Duration::from_secs(1));
        purge_all(&store, &Stop::new()).await.unwrap();
        assert_eq!(in_trash(&store).await, [task(11).0]);
        let purges = purges(&store).await;
        let mut purged: Vec<_> = purges.iter().map(|change| change.object_id.0).collect();
        purged.sort_unstable();
        assert_eq!(purged, [10, 12, 20].map(Uuid::from_u128));
        for purge in purges {
            assert_eq!((purge.actor_id.0, &*purge.request_id), (Uuid::nil(), "housekeeping"));
        }
    }

    async fn nothing_is_purged_after_the_stop(backend: Backend) {
        let store = Store::new(backend).await;
        store.carries_out(new(task(10), None)).await.unwrap();
        store.carries_out(delete(task(10))).await.unwrap();
        store.clock.advance(2 * DAY);
        let stop = Stop::new();
        stop.cancel();
        purge_all(&store, &stop).await.unwrap();
        assert_eq!(in_trash(&store).await, [task(10).0]);
    }

    async fn siblings_that_purge_at_once_purge_once(backend: Backend) {
        let store = Store::new(backend).await;
        for id in 10..20 {
            store.carries_out(new(task(id), None)).await.unwrap();
            store.carries_out(delete(task(id))).await.unwrap();
        }
        store.clock.advance(2 * DAY);
        let stop = Stop::new();
        let (one, other) = tokio::join!(purge_all(&store, &stop), purge_all(&store, &stop));
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        assert_eq!(purges(&store).await.len(), 10);
    }

    async fn what_is_old_in_the_journal_goes_and_what_is_young_stays(backend: Backend) {
        let store = Store::new(backend).await;
        store.carries_out_once("old", new(task(10), None)).await;
        store.clock.advance(DAY);
        store.carries_out_once("young", new(task(11), None)).await;
        let now = store.clock.now();
        let sweep = async |keys, feed| journal::store::sweep(&store.db, keys, feed).await.unwrap();
        assert_eq!(sweep(now.minus(DAY), now.minus(DAY)).await, 0, "they are not older");
        // The Inbox, the first task, and the key.
        assert_eq!(sweep(now, now).await, 3);
        let left: Vec<_> = changes(&store).await.iter().map(|change| change.sequence).collect();
        assert_eq!(left, [3]);
        // What its key still stands for is answered, what another stands for is done.
        store.carries_out_once("young", new(task(11), None)).await;
        store.carries_out_once("old", new(task(12), None)).await;
        assert_eq!(changes(&store).await.len(), 2);
    }

    async fn an_erasing_that_was_broken_off_is_finished_and_forgotten(backend: Backend) {
        let store = Store::new(backend).await;
        store.carries_out(new(task(10), None)).await.unwrap();
        store.carries_out(delete(task(10))).await.unwrap();
        let user = UserId(store.scope.0);
        access::store::mark_erased(&store.db, &store.clock, user).await.unwrap();
        store.clock.advance(2 * DAY);
        purge_all(&store, &Stop::new()).await.unwrap();
        let now = store.clock.now();
        let marked =
            async || access::store::sequences(&store.db, &[store.scope]).await.unwrap().len();
        access::write::finish(&store.db, now.minus(2 * DAY)).await.unwrap();
        assert_eq!((changes(&store).await.len(), marked().await), (3, 1), "it may go on yet");
        access::write::finish(&store.db, now).await.unwrap();
        assert_eq!((changes(&store).await.len(), marked().await), (0, 0));
        assert!(in_trash(&store).await.is_empty());
    }
}
