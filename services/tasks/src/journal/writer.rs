//! Carries out writes, one scope at a time and as many at once as are waiting: they share a lock, a trip to the database and a
//! flush to disk, and each still succeeds or fails on its own. See docs/adr/0002-writes-share-a-unit-of-work.md.
mod broken;

use std::{
    any::Any,
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use kit_base::Clock;
use kit_db::Db;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

use self::broken::{Blame, Broken};
use super::{
    bounds::Bounds,
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
/// What they may say, in bytes: a hundred of the largest.
const MOST_BYTES_WAITING: usize = 8 << 20;
/// A scope that wrote more than so many bytes at once, more than what sixty-four writes of some words come to, rests as long as that
/// took: half of the time others have what it used.
const LARGE: i64 = 256 << 10;
/// And no longer than this: what takes longer waits for something else.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// A write, and who wants it until when.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) actor: Actor,
    pub(crate) key: Option<Key>,
    pub(crate) command: Box<dyn Command>,
    /// About how many bytes it takes while it waits.
    pub(crate) bytes: usize,
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

/// Carries out the writes of a scope one after the other, those that wait together in one unit of work.
#[derive(Clone)]
pub(crate) struct Writer {
    db: Db,
    clock: Clock,
    feed: Feed,
    pub(crate) bounds: Arc<Bounds>,
    queues: Arc<Mutex<HashMap<ScopeId, VecDeque<Waiting>>>>,
}

impl Writer {
    pub(crate) fn new(db: Db, clock: Clock, feed: Feed, bounds: Arc<Bounds>) -> Self {
        Self { db, clock, feed, bounds, queues: Arc::default() }
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
        if !has_room(queue, &waiting) {
            // What nobody waits for any more takes no room of others.
            queue.retain(Waiting::is_wanted);
            if !has_room(queue, &waiting) {
                return Err(error::Error::Busy.into());
            }
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

    /// In one unit of work. Where one of them asks for what the database cannot do, or not in time, it is tried by itself and the others
    /// without it; where it is not known which, each half by itself. Gives how long the scope should rest.
    async fn carry_out(&self, scope: ScopeId, waiting: Vec<Waiting>) -> Duration {
        let (mut groups, mut rest) = (vec![waiting], Duration::ZERO);
        while let Some(group) = groups.pop() {
            let mut wanted = still_wanted(group);
            if wanted.is_empty() {
                continue;
            }
            match self.attempt(scope, &wanted).await {
                Ok((outcomes, earned)) => {
                    rest += earned;
                    for (Waiting { write: _, done }, outcome) in wanted.into_iter().zip(outcomes) {
                        _ = done.send(outcome);
                    }
                }
                Err(Broken { blame: Blame::One(at), .. }) if wanted.len() > 1 => {
                    let offender = wanted.remove(at);
                    groups.extend([vec![offender], wanted]);
                }
                Err(Broken { blame: Blame::Some, .. }) if wanted.len() > 1 => {
                    let half = wanted.split_off(wanted.len() / 2);
                    groups.extend([half, wanted]);
                }
                Err(Broken { error, blame: _ }) => {
                    for Waiting { write: _, done } in wanted {
                        _ = done.send(Err(error.clone()));
                    }
                }
            }
        }
        rest
    }

    /// All writes in one unit of work; what came of each, and how long the scope should rest then.
    async fn attempt(
        &self,
        scope: ScopeId,
        wanted: &[Waiting],
    ) -> Result<(Vec<Result<Done, Error>>, Duration), Broken> {
        metrics::count_unit(wanted.len());
        kit_db::metrics::measured(self.db.system(), "unit.write", self.run_unit(scope, wanted))
            .await
    }

    async fn run_unit(
        &self,
        scope: ScopeId,
        wanted: &[Waiting],
    ) -> Result<(Vec<Result<Done, Error>>, Duration), Broken> {
        let mut unit = self.begin(scope, wanted).await.map_err(Broken::at_begin)?;
        let (began, before) = (Instant::now(), unit.usage.written_today(unit.now));
        let mut outcomes = Vec::with_capacity(wanted.len());
        for (at, Waiting { write, done: _ }) in wanted.iter().enumerate() {
            match run_write(&mut unit, write).await {
                Err(error @ Error::Database(_)) => {
                    unit.abandon().await;
                    return Err(Broken::unless_gone(error, Blame::One(at)));
                }
                outcome => outcomes.push(outcome),
            }
        }
        let sequence = unit.scope.sequence;
        let written = unit.usage.written_today(unit.now) - before;
        unit.commit().await.map_err(|error| Broken::unless_gone(error, Blame::Some))?;
        self.feed.announce(scope, sequence);
        let took = if written > LARGE { began.elapsed() } else { Duration::ZERO };
        Ok((outcomes, took.min(LONGEST_REST)))
    }

    async fn begin(&self, scope: ScopeId, waiting: &[Waiting]) -> Result<Unit, Error> {
        let writes = waiting.iter().map(|waiting| &waiting.write);
        let keys: Vec<_> = writes
            .clone()
            .filter_map(|write| Some((write.actor.user_id, write.key.as_ref()?.key.clone())))
            .collect();
        let wanted = writes.flat_map(|write| write.command.wanted()).collect();
        let connection = self.db.acquire().await?;
        let (clock, bounds) = (self.clock.clone(), Arc::clone(&self.bounds));
        Unit::begin(connection, clock, scope, &keys, wanted, bounds).await
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
            let rest = self.writer.carry_out(self.scope, waiting).await;
            if !rest.is_zero() {
                sleep(rest).await;
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

fn has_room(queue: &VecDeque<Waiting>, next: &Waiting) -> bool {
    let bytes: usize = queue.iter().map(|waiting| waiting.write.bytes).sum();
    queue.len() < MOST_WAITING && bytes + next.write.bytes <= MOST_BYTES_WAITING
}

/// Those that somebody still waits for; the others are told that it is too late.
fn still_wanted(waiting: Vec<Waiting>) -> Vec<Waiting> {
    let (wanted, expired): (Vec<_>, Vec<_>) = waiting.into_iter().partition(Waiting::is_wanted);
    for Waiting { write: _, done } in expired {
        _ = done.send(Err(error::Error::Expired.into()));
    }
    wanted
}

/// One write of a unit: what it answered before, if its key was used, or what it answers now.
async fn run_write(unit: &mut Unit, write: &Submission) -> Result<Done, Error> {
    let Submission { actor, key, command, bytes: _, deadline: _ } = write;
    if let Some(Key { key, fingerprint }) = key
        && let Some(used) = unit.used_key(actor.user_id, key)
    {
        if used.fingerprint != *fingerprint {
            return Err(error::Error::KeyReused.into());
        }
        return Ok(Done::Replayed(used.reply.clone()));
    }
    if !command.frees() {
        unit.admit_write()?;
    }
    // A fault of ours is the fault of one write: what it left in the unit goes with the unit.
    let answer = AssertUnwindSafe(command.run(unit, actor)).catch_unwind().await;
    let answer = answer.map_err(|_| kit_db::Error::Query(anyhow::anyhow!("a write panicked")))?;
    let Answer { message, encoded } = answer?;
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
