//! Carries out writes, one scope at a time and as many at once as are waiting: they share a lock, a trip to the database and a
//! flush to disk, and each still succeeds or fails on its own. See docs/adr/0002-writes-share-a-unit-of-work.md.
use std::{
    any::Any,
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use kit_base::Clock;
use kit_db::Db;
use tokio::{sync::oneshot, time::Instant};

use super::{
    change::Actor,
    command::{Answer, Command},
    error,
    feed::Feed,
    keys::UsedKey,
    metrics,
    unit::Unit,
};
use crate::{Error, ids::ScopeId};

/// Writes that share a unit of work.
const MOST_TOGETHER: usize = 64;
/// Writes that may wait for a scope.
const MOST_WAITING: usize = 1024;

/// A write, and who wants it until when.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) actor: Actor,
    pub(crate) key: Option<Key>,
    pub(crate) command: Box<dyn Command>,
    pub(crate) deadline: Instant,
}

/// An idempotency key, and what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) key: String,
    /// SHA-256 of the method and the message.
    pub(crate) fingerprint: Vec<u8>,
}

/// What a write came to.
pub(crate) enum Done {
    /// It was carried out now: the message.
    Fresh(Box<dyn Any + Send>),
    /// It was carried out before, under the same key: the message of then, encoded.
    Replayed(Vec<u8>),
}

struct Waiting {
    write: Submission,
    done: oneshot::Sender<Result<Done, Error>>,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Writer {
    db: Db,
    clock: Clock,
    feed: Feed,
    queues: Arc<Mutex<HashMap<ScopeId, VecDeque<Waiting>>>>,
}

impl Writer {
    pub(crate) fn new(db: Db, clock: Clock, feed: Feed) -> Self {
        Self { db, clock, feed, queues: Arc::default() }
    }

    /// Carries out a write and tells what came of it. When the caller hangs up, it may still be carried out.
    pub(crate) async fn submit(&self, scope: ScopeId, write: Submission) -> Result<Done, Error> {
        let (done, outcome) = oneshot::channel();
        if self.enqueue(scope, Waiting { write, done })? {
            let working = Working { writer: self.clone(), scope };
            kit_base::work::spawn(async move { working.drain().await });
        }
        outcome.await.unwrap_or(Err(error::Error::Busy.into()))
    }

    /// Puts a write in the scope's queue; true when nobody works on it yet.
    fn enqueue(&self, scope: ScopeId, waiting: Waiting) -> Result<bool, Error> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = !queues.contains_key(&scope);
        let queue = queues.entry(scope).or_default();
        if queue.len() >= MOST_WAITING {
            return Err(error::Error::Busy.into());
        }
        queue.push_back(waiting);
        Ok(idle)
    }

    /// The next writes of a scope; none, and the queue is gone, when nobody waits.
    fn next_writes(&self, scope: ScopeId) -> Vec<Waiting> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = queues.get_mut(&scope) else { return vec![] };
        let together = queue.drain(..queue.len().min(MOST_TOGETHER)).collect::<Vec<_>>();
        if together.is_empty() {
            queues.remove(&scope);
        }
        together
    }

    async fn carry_out(&self, scope: ScopeId, waiting: Vec<Waiting>) {
        let (writes, askers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|waiting| (waiting.write, waiting.done)).unzip();
        let outcomes = match self.attempt(scope, &writes).await {
            Ok(outcomes) => outcomes,
            // One of them asked for what the database cannot do. Alone, each fares as it deserves.
            Err(Error::Database(error)) if writes.len() > 1 && !error.is_passing() => {
                let mut outcomes = vec![];
                for write in writes.chunks(1) {
                    outcomes.extend(match self.attempt(scope, write).await {
                        Ok(outcomes) => outcomes,
                        Err(error) => vec![Err(error)],
                    });
                }
                outcomes
            }
            Err(error) => writes.iter().map(|_| Err(error.clone())).collect(),
        };
        for (done, outcome) in askers.into_iter().zip(outcomes) {
            _ = done.send(outcome);
        }
    }

    /// All writes in one unit of work. An error is of the database, and means that none of them was acknowledged.
    async fn attempt(
        &self,
        scope: ScopeId,
        writes: &[Submission],
    ) -> Result<Vec<Result<Done, Error>>, Error> {
        let started = Instant::now();
        metrics::count_unit(writes.len());
        let outcomes = self.run_unit(scope, writes).await;
        kit_db::metrics::database_operation(
            self.db.system(),
            "unit.write",
            started.elapsed(),
            outcomes.is_ok(),
        );
        outcomes
    }

    async fn run_unit(
        &self,
        scope: ScopeId,
        writes: &[Submission],
    ) -> Result<Vec<Result<Done, Error>>, Error> {
        let keys: Vec<_> = writes
            .iter()
            .filter_map(|write| Some((write.actor.user_id, write.key.as_ref()?.key.clone())))
            .collect();
        let wanted = writes.iter().flat_map(|write| write.command.wanted()).collect();
        let connection = self.db.acquire().await?;
        let mut unit = Unit::begin(connection, self.clock.clone(), scope, &keys, wanted).await?;
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            match run_write(&mut unit, write).await {
                Err(error @ Error::Database(_)) => {
                    unit.abandon().await;
                    return Err(error);
                }
                outcome => outcomes.push(outcome),
            }
        }
        let sequence = unit.scope.sequence;
        unit.commit().await?;
        self.feed.announce(scope, sequence);
        Ok(outcomes)
    }
}

/// Works on the queue of a scope until it is empty. Whatever ends it, the queue is given up, so that the next write begins anew.
struct Working {
    writer: Writer,
    scope: ScopeId,
}

impl Working {
    async fn drain(&self) {
        loop {
            let waiting = self.writer.next_writes(self.scope);
            if waiting.is_empty() {
                return;
            }
            let (wanted, expired): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(Waiting::is_wanted);
            for Waiting { write: _, done } in expired {
                _ = done.send(Err(error::Error::Expired.into()));
            }
            if !wanted.is_empty() {
                self.writer.carry_out(self.scope, wanted).await;
            }
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut queues = self.writer.queues.lock().unwrap_or_else(PoisonError::into_inner);
            // Those who wait are told so by their channels.
            queues.remove(&self.scope);
        }
    }
}

impl Waiting {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool {
        !self.done.is_closed() && self.write.deadline > Instant::now()
    }
}

/// One write of a unit: what it answered before, if its key was used, or what it answers now.
async fn run_write(unit: &mut Unit, write: &Submission) -> Result<Done, Error> {
    let Submission { actor, key, command, deadline: _ } = write;
    if let Some(Key { key, fingerprint }) = key
        && let Some(used) = unit.used_key(actor.user_id, key)
    {
        if used.fingerprint != *fingerprint {
            return Err(error::Error::KeyReused.into());
        }
        return Ok(Done::Replayed(used.reply.clone()));
    }
    let Answer { message, encoded } = command.run(unit, actor).await?;
    metrics::count_write(command.label());
    if let Some(Key { key, fingerprint }) = key {
        unit.use_key(UsedKey {
            scope_id: unit.scope.id,
            user_id: actor.user_id,
            key: key.clone(),
            fingerprint: fingerprint.clone(),
            reply: encoded,
            created_at: unit.now,
        });
    }
    Ok(Done::Fresh(message))
}

#[cfg(test)]
mod tests;
