//! Carries out writes, one scope at a time and as many at once as are waiting: they share a lock, a trip to the database and a
//! flush to disk, and each still succeeds or fails on its own. See docs/adr/0002-writes-share-a-unit-of-work.md.
mod broken;
mod queues;
pub(crate) mod submission;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use kit_base::{Clock, request, steps::Kind};
use kit_db::Db;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep},
};

use self::{
    broken::{Blame, Broken},
    queues::{Queues, Waiting, still_wanted},
    submission::{Done, Key, Submission},
};
use super::{bounds::Bounds, error, feed::Feed, keys::UsedKey, metrics, unit::Unit};
use crate::{Error, ids::ScopeId};

/// A scope that wrote more than so many bytes at once, more than what sixty-four writes of some words come to, rests as long as that
/// took: half of the time others have what it used.
const LARGE: i64 = 256 << 10;
/// So does one whose writes looked at more than so many rows, whatever came of them, and no further write goes into that unit.
const MANY: usize = 10_000;
/// And no longer than this: what takes longer waits for something else.
const LONGEST_REST: Duration = Duration::from_millis(250);
/// So many units at once may go on when they have written that much: more would not fit into the memory of a pod.
const LARGE_AT_ONCE: usize = 2;
/// Of the connections for writes, such a part is for scopes that rest: however many they are, the others have theirs.
const PART_OF_THE_RESTING: usize = 2;
/// A unit of work that has written more than so many bytes takes no further write: until it is committed it holds each of them several
/// times, as a row before and after, as a change, as an answer and under its key.
const FULL: i64 = 1 << 20;

/// Carries out the writes of a scope one after the other, those that wait together in one unit of work.
#[derive(Clone)]
pub(crate) struct Writer {
    db: Db,
    clock: Clock,
    feed: Feed,
    pub(crate) bounds: Arc<Bounds>,
    queues: Arc<Queues>,
    resting: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Writer {
    pub(crate) fn new(db: Db, clock: Clock, feed: Feed, bounds: Arc<Bounds>) -> Self {
        let resting = (db.connections() / PART_OF_THE_RESTING).max(1);
        let (queues, resting) = (Arc::new(Queues::new()), Arc::new(Semaphore::new(resting)));
        let large = Arc::new(Semaphore::new(LARGE_AT_ONCE));
        Self { db, clock, feed, bounds, queues, resting, large }
    }

    /// Carries out a write and tells what came of it. When the caller hangs up, it may still be carried out.
    pub(crate) async fn submit(&self, scope: ScopeId, write: Submission) -> Result<Done, Error> {
        // With the wait for those before it, and for the unit that it shares.
        let said = || (write.command.label().join(".").into(), vec![]);
        let step = request::begin(Kind::Internal, said);
        let (outcome, is_idle) = self.queues.enqueue(scope, write)?;
        if is_idle {
            let working = Working { writer: self.clone(), scope };
            kit_base::work::spawn(async move { working.drain().await });
        }
        let outcome = outcome.await.unwrap_or(Err(error::Error::Busy.into()));
        if let Some(step) = step {
            step.end(matches!(outcome, Err(Error::Database(_))), vec![]);
        }
        outcome
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
                    let left = wanted.split_off(outcomes.len());
                    if !left.is_empty() {
                        groups.push(left);
                    }
                    for (Waiting { write, done, .. }, outcome) in wanted.into_iter().zip(outcomes) {
                        if let Ok(Done::Fresh(_)) = outcome {
                            metrics::count_write(write.command.label());
                        }
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
                    for Waiting { done, .. } in wanted {
                        _ = done.send(Err(error.clone()));
                    }
                }
            }
        }
        rest
    }

    /// As many of the writes in one unit of work as it takes, one at least; what came of each, and how long the scope should rest then.
    async fn attempt(
        &self,
        scope: ScopeId,
        wanted: &[Waiting],
    ) -> Result<(Vec<Result<Done, Error>>, Duration), Broken> {
        let unit = self.run_unit(scope, wanted);
        let measured = kit_db::metrics::measured(self.db.system(), "unit.write", unit);
        // As a step of the first: those that share it have none of it, but their time.
        let first = wanted.first().and_then(|waiting| waiting.context.clone());
        let outcome = request::scope_if_any(first, measured).await;
        let taken = outcome.as_ref().map_or(wanted.len(), |(outcomes, _)| outcomes.len());
        metrics::count_unit(taken);
        outcome
    }

    async fn run_unit(
        &self,
        scope: ScopeId,
        wanted: &[Waiting],
    ) -> Result<(Vec<Result<Done, Error>>, Duration), Broken> {
        let mut unit = self.begin(scope, wanted).await.map_err(Broken::at_begin)?;
        let (began, before) = (Instant::now(), unit.usage.written_today(unit.now));
        let (mut outcomes, mut large) = (Vec::with_capacity(wanted.len()), None);
        for (at, waiting) in wanted.iter().enumerate() {
            let begun = unit.next_sequence();
            match run_write(&mut unit, &waiting.write).await {
                Err(error @ Error::Database(_)) => {
                    unit.abandon().await;
                    return Err(Broken::unless_gone(error, Blame::One(at)));
                }
                // What it saved before it was refused would be kept.
                Err(error) if unit.next_sequence() != begun => {
                    unit.abandon().await;
                    return Err(Broken { error, blame: Blame::One(at) });
                }
                outcome => outcomes.push(outcome),
            }
            if self.is_full(&unit, unit.usage.written_today(unit.now) - before, &mut large) {
                break;
            }
        }
        let sequence = unit.scope.sequence;
        let written = unit.usage.written_today(unit.now) - before;
        let is_large = written > LARGE || unit.rows_read > MANY;
        unit.commit().await.map_err(|error| Broken::unless_gone(error, Blame::Some))?;
        self.feed.announce(scope, sequence);
        let took = if is_large { began.elapsed() } else { Duration::ZERO };
        Ok((outcomes, took.min(LONGEST_REST)))
    }

    /// Whether a unit that has `written` so many bytes takes no further write. A `large` one is one of a few.
    fn is_full<'a>(
        &'a self,
        unit: &Unit,
        written: i64,
        large: &mut Option<SemaphorePermit<'a>>,
    ) -> bool {
        if written > LARGE && large.is_none() {
            *large = self.large.try_acquire().ok();
            if large.is_none() {
                return true;
            }
        }
        written > FULL || unit.rows_read > MANY
    }

    async fn begin(&self, scope: ScopeId, waiting: &[Waiting]) -> Result<Unit, Error> {
        let writes = waiting.iter().map(|waiting| &waiting.write);
        let keys: Vec<_> = writes
            .clone()
            .filter_map(|write| Some((write.actor.user_id, write.key.as_ref()?.key.as_str())))
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
        let mut rest = Duration::ZERO;
        loop {
            let place = match rest.is_zero() {
                true => None,
                false => {
                    sleep(rest).await;
                    self.writer.resting.acquire().await.ok()
                }
            };
            let waiting = self.writer.queues.next(self.scope);
            if waiting.is_empty() {
                return;
            }
            rest = self.writer.carry_out(self.scope, waiting).await;
            drop(place);
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.writer.queues.give_up(self.scope);
        }
    }
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
    let answer = answer?;
    if let Some(Key { key, fingerprint }) = key {
        unit.use_key(UsedKey {
            scope_id: unit.scope.id,
            user_id: actor.user_id,
            key: key.clone(),
            fingerprint: fingerprint.clone(),
            reply: answer.encoded(),
            created_at: unit.now,
        });
    }
    Ok(Done::Fresh(answer.message))
}

#[cfg(test)]
mod tests;
