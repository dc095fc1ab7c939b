//! Wakes those who wait for changes: at once for what this process writes, soon for what its siblings write.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kit_base::Stop;
use kit_db::Db;
use tokio::sync::watch;

use super::error::Error;
use crate::{access, ids::ScopeId};

/// How often the database is asked what others wrote: one query for all scopes that somebody watches.
const PERIOD: Duration = Duration::from_millis(250);

/// Scopes that are asked for in one query.
const AT_ONCE: usize = 1_000;
/// So many wait for the changes of one scope: more than all gateways let one user wait.
const OF_A_SCOPE: usize = 512;
/// Scopes of which somebody waits for changes.
const SCOPES: usize = 50_000;

/// Last sequence numbers, by scope, of those that somebody watches.
#[derive(Clone, Default)]
pub(crate) struct Feed {
    watched: Arc<Mutex<HashMap<ScopeId, watch::Sender<i64>>>>,
    closed: Stop,
}

impl Feed {
    /// The last sequence number of the scope as it becomes known; 0 until then. Who keeps it waits for changes.
    pub(crate) fn watch(&self, scope: ScopeId) -> Result<watch::Receiver<i64>, Error> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, of_scope) = (watched.len(), watched.get(&scope));
        match of_scope.map(watch::Sender::receiver_count) {
            Some(OF_A_SCOPE..) => return Err(Error::Listened { most: OF_A_SCOPE }),
            None if all >= SCOPES => return Err(Error::Busy),
            _ => {}
        }
        Ok(watched.entry(scope).or_insert_with(|| watch::Sender::new(0)).subscribe())
    }

    /// Says that the scope's journal reached `sequence`.
    pub(crate) fn announce(&self, scope: ScopeId, sequence: i64) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watchers) = watched.get(&scope) {
            watchers.send_if_modified(|last| {
                let newer = sequence > *last;
                *last = sequence.max(*last);
                newer
            });
        }
    }

    /// Ends when the process drains: who waits should answer then.
    pub(crate) fn closed(&self) -> &Stop {
        &self.closed
    }

    /// Asks the database until `stop`.
    pub(crate) async fn follow(self, db: Db, stop: Stop) {
        while !stop.is_cancelled() {
            for scopes in self.still_watched().chunks(AT_ONCE) {
                match access::store::sequences(&db, scopes).await {
                    Ok(sequences) => sequences
                        .into_iter()
                        .for_each(|(scope, sequence)| self.announce(scope, sequence)),
                    Err(error) => {
                        tracing::warn!(%error, "changes of other replicas cannot be seen")
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
        self.closed.cancel();
    }

    fn still_watched(&self) -> Vec<ScopeId> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|_, watchers| watchers.receiver_count() > 0);
        watched.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use kit_db::testing::Backend;
    use uuid::Uuid;

    use super::*;
    use crate::{migrations::tests::Store, projects};

    kit_db::on_each_backend!(what_a_sibling_writes_is_heard_until_the_stop);

    fn scope(number: u128) -> ScopeId {
        ScopeId(Uuid::from_u128(number))
    }

    #[test]
    fn only_what_is_further_wakes_and_only_those_of_the_scope() {
        let feed = Feed::default();
        let (mut one, mut same, mut other) =
            [1, 1, 2].map(|number| feed.watch(scope(number)).unwrap()).into();
        for (sequence, wakes, known) in
            [(3, true, 3), (3, false, 3), (2, false, 3), (-1, false, 3), (7, true, 7)]
        {
            feed.announce(scope(1), sequence);
            for watcher in [&mut one, &mut same] {
                assert_eq!(watcher.has_changed().unwrap(), wakes, "{sequence}");
                assert_eq!(*watcher.borrow_and_update(), known, "{sequence}");
            }
            assert!(!other.has_changed().unwrap());
        }
        assert_eq!(*other.borrow_and_update(), 0);
    }

    #[test]
    fn so_many_wait_for_one_scope_and_the_others_all_the_same() {
        let feed = Feed::default();
        let mut all: Vec<_> = (0..OF_A_SCOPE).map(|_| feed.watch(scope(1)).unwrap()).collect();
        assert!(matches!(feed.watch(scope(1)), Err(Error::Listened { .. })));
        assert!(feed.watch(scope(2)).is_ok());
        all.pop();
        assert!(feed.watch(scope(1)).is_ok(), "one has gone");
    }

    #[test]
    fn nobody_is_asked_for_whom_nobody_waits() {
        let feed = Feed::default();
        feed.announce(scope(1), 5);
        assert_eq!(feed.still_watched(), []);
        let [one, other] = [1, 2].map(|number| feed.watch(scope(number)).unwrap());
        assert_eq!(*one.borrow(), 0, "what was said before anybody listened is not kept");
        drop(other);
        assert_eq!(feed.still_watched(), [scope(1)]);
        drop(one);
        assert_eq!(feed.still_watched(), []);
    }

    async fn what_a_sibling_writes_is_heard_until_the_stop(backend: Backend) {
        let store = Store::new(backend).await;
        let (feed, stop) = (Feed::default(), Stop::new());
        let mut watcher = feed.watch(store.scope).unwrap();
        let following = kit_base::work::spawn(feed.clone().follow(store.db.clone(), stop.clone()));
        watcher.wait_for(|last| *last == 1).await.unwrap();
        let write = projects::write::Write::Create { id: None, name: "Attic".to_owned() };
        store.carries_out(write).await.unwrap();
        watcher.wait_for(|last| *last == 2).await.unwrap();
        assert!(!feed.closed().is_cancelled());
        stop.cancel();
        following.await.unwrap();
        assert!(feed.closed().is_cancelled(), "who waits has to answer now");
    }
}
