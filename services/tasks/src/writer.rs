//! Carries out writes, one scope at a time and as many at once as are waiting: they share a lock, a trip to the database and a
//! flush to disk, and each still succeeds or fails on its own. See docs/adr/0002-writes-share-a-unit-of-work.md.
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use kit::{Clock, Db};
use tokio::{sync::oneshot, time::Instant};

use crate::{
    Error,
    command::Command,
    domain::{ScopeId, event::Actor},
    feed::Feed,
    metrics,
    rpc::answer,
    store::{keys::UsedKey, unit::Unit},
};

/// Writes that share a unit of work.
const MOST_TOGETHER: usize = 64;
/// Writes that may wait for a scope.
const MOST_WAITING: usize = 1024;

/// A write, and who wants it until when.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) actor: Actor,
    pub(crate) key: Option<Key>,
    pub(crate) command: Command,
    pub(crate) deadline: Instant,
}

/// An idempotency key, and what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) key: String,
    /// SHA-256 of the method and the message.
    pub(crate) fingerprint: Vec<u8>,
}

/// What a write came to: the encoded reply.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) reply: Vec<u8>,
    /// Whether it was carried out before, under the same key.
    pub(crate) replayed: bool,
}

struct Waiting {
    write: Write,
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
    pub(crate) async fn submit(&self, scope: ScopeId, write: Write) -> Result<Done, Error> {
        let (done, outcome) = oneshot::channel();
        if self.enqueue(scope, Waiting { write, done })? {
            let writer = self.clone();
            kit::work::spawn(async move { writer.drain(scope).await });
        }
        outcome.await.unwrap_or(Err(Error::Busy))
    }

    /// Puts a write in the scope's queue; true when nobody works on it yet.
    fn enqueue(&self, scope: ScopeId, waiting: Waiting) -> Result<bool, Error> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = !queues.contains_key(&scope);
        let queue = queues.entry(scope).or_default();
        if queue.len() >= MOST_WAITING {
            return Err(Error::Busy);
        }
        queue.push_back(waiting);
        Ok(idle)
    }

    /// The next writes of a scope; none, and the queue is gone, when nobody waits.
    fn next(&self, scope: ScopeId) -> Vec<Waiting> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = queues.get_mut(&scope) else { return vec![] };
        let together = queue.drain(..queue.len().min(MOST_TOGETHER)).collect::<Vec<_>>();
        if together.is_empty() {
            queues.remove(&scope);
        }
        together
    }

    async fn drain(&self, scope: ScopeId) {
        loop {
            let waiting = self.next(scope);
            if waiting.is_empty() {
                return;
            }
            let (wanted, expired): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(Waiting::is_wanted);
            for Waiting { write: _, done } in expired {
                _ = done.send(Err(Error::Expired));
            }
            if !wanted.is_empty() {
                self.carry_out(scope, wanted).await;
            }
        }
    }

    async fn carry_out(&self, scope: ScopeId, waiting: Vec<Waiting>) {
        let (writes, askers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|waiting| (waiting.write, waiting.done)).unzip();
        let started = Instant::now();
        let outcomes = self.attempt(scope, writes).await;
        metrics::unit(askers.len());
        kit::metrics::database_operation(
            self.db.system(),
            "unit.write",
            started.elapsed(),
            outcomes.is_ok(),
        );
        match outcomes {
            Ok(outcomes) => {
                for (done, outcome) in askers.into_iter().zip(outcomes) {
                    _ = done.send(outcome);
                }
            }
            Err(error) => {
                for done in askers {
                    _ = done.send(Err(error.clone()));
                }
            }
        }
    }

    /// All writes in one unit of work. An error is of the database, and means that none of them was acknowledged.
    async fn attempt(
        &self,
        scope: ScopeId,
        writes: Vec<Write>,
    ) -> Result<Vec<Result<Done, Error>>, Error> {
        let keys: Vec<_> = writes
            .iter()
            .filter_map(|write| Some((write.actor.user_id, write.key.as_ref()?.key.clone())))
            .collect();
        let named: Vec<_> = writes.iter().flat_map(|write| write.command.names()).collect();
        let connection = self.db.acquire().await?;
        let mut unit = Unit::begin(connection, self.clock.clone(), scope, &keys, &named).await?;
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            match one(&mut unit, write).await {
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

impl Waiting {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool {
        !self.done.is_closed() && self.write.deadline > Instant::now()
    }
}

/// One write of a unit: what it answered before, if its key was used, or what it answers now.
async fn one(unit: &mut Unit, write: Write) -> Result<Done, Error> {
    let Write { actor, key, command, deadline: _ } = write;
    if let Some(Key { key, fingerprint }) = &key
        && let Some(used) = unit.used_key(actor.user_id, key)
    {
        if used.fingerprint != *fingerprint {
            return Err(Error::KeyReused);
        }
        return Ok(Done { reply: used.reply.clone(), replayed: true });
    }
    let counted = metrics::of_command(&command);
    let reply = answer::encode(command.run(unit, &actor).await?);
    counted.inc();
    if let Some(Key { key, fingerprint }) = key {
        let (scope_id, user_id, created_at) = (unit.scope.id, actor.user_id, unit.now);
        unit.use_key(UsedKey {
            scope_id,
            user_id,
            key,
            fingerprint,
            reply: reply.clone(),
            created_at,
        });
    }
    Ok(Done { reply, replayed: false })
}
