//! Wakes those who wait for changes: at once for what this process writes, soon for what its siblings write.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kit_base::Stop;
use kit_db::Db;
use tokio::sync::watch;

use crate::{access, ids::ScopeId};

/// How often the database is asked what others wrote: one query for all scopes that somebody watches.
const PERIOD: Duration = Duration::from_millis(250);

/// Last sequence numbers, by scope, of those that somebody watches.
#[derive(Clone, Default)]
pub(crate) struct Feed {
    watched: Arc<Mutex<HashMap<ScopeId, watch::Sender<i64>>>>,
    closed: Stop,
}

impl Feed {
    /// The last sequence number of the scope as it becomes known; 0 until then.
    pub(crate) fn watch(&self, scope: ScopeId) -> watch::Receiver<i64> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.entry(scope).or_insert_with(|| watch::Sender::new(0)).subscribe()
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
            let scopes = self.still_watched();
            if !scopes.is_empty() {
                match access::store::sequences(&db, &scopes).await {
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
