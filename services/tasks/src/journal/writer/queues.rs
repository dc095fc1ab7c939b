//! What waits to be written, by scope.
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kit_base::request::{self, RequestContext};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::Instant,
};

use super::submission::{Done, Submission};
use crate::{Error, ids::ScopeId, journal::error};

/// Writes that share a unit of work.
const MOST_TOGETHER: usize = 64;
/// Writes that may wait for a scope.
pub(super) const MOST_WAITING: usize = 1024;
/// What they may say, in bytes: a hundred of the largest.
pub(super) const MOST_BYTES_WAITING: usize = 8 << 20;
/// What all may say that wait or are carried out, of whatever scope.
pub(super) const MOST_BYTES: usize = 32 << 20;

/// A write that waits or is carried out.
pub(super) struct Waiting {
    pub(super) write: Submission,
    pub(super) done: oneshot::Sender<Result<Done, Error>>,
    /// The request that it is a part of.
    pub(super) context: Option<RequestContext>,
    /// Of what there is for all, until it is answered.
    _room: OwnedSemaphorePermit,
}

type ByScope = HashMap<ScopeId, VecDeque<Waiting>>;

/// The queue of each scope that somebody works on.
pub(super) struct Queues {
    by_scope: Mutex<ByScope>,
    room: Arc<Semaphore>,
}

/// Where it is told what a write came to.
pub(super) type Outcome = oneshot::Receiver<Result<Done, Error>>;

impl Queues {
    pub(super) fn new() -> Self {
        Self { by_scope: Mutex::default(), room: Arc::new(Semaphore::new(MOST_BYTES)) }
    }

    /// Puts a write in the scope's queue, and tells whether nobody works on it yet.
    pub(super) fn enqueue(
        &self,
        scope: ScopeId,
        write: Submission,
    ) -> Result<(Outcome, bool), Error> {
        let mut queues = self.lock();
        let _room = self.room(&mut queues, write.bytes)?;
        let (done, outcome) = oneshot::channel();
        let waiting = Waiting { write, done, context: request::current(), _room };
        let is_idle = !queues.contains_key(&scope);
        let queue = queues.entry(scope).or_default();
        if !has_room(queue, &waiting) {
            queue.retain(Waiting::is_wanted);
            if !has_room(queue, &waiting) {
                // A queue that nobody works on would never be.
                if is_idle {
                    queues.remove(&scope);
                }
                return Err(error::Error::Busy.into());
            }
        }
        queue.push_back(waiting);
        Ok((outcome, is_idle))
    }

    /// Room for so many bytes of what there is for all. What nobody waits for any more takes no room of others.
    fn room(&self, queues: &mut ByScope, bytes: usize) -> Result<OwnedSemaphorePermit, Error> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let take = || Arc::clone(&self.room).try_acquire_many_owned(bytes);
        let room = take().or_else(|_| {
            queues.values_mut().for_each(|queue| queue.retain(Waiting::is_wanted));
            take()
        });
        Ok(room.map_err(|_| error::Error::Busy)?)
    }

    /// The next writes of a scope; none, and the queue is gone, when nobody waits.
    pub(super) fn next(&self, scope: ScopeId) -> Vec<Waiting> {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(&scope) else { return vec![] };
        let together = queue.drain(..queue.len().min(MOST_TOGETHER)).collect::<Vec<_>>();
        if together.is_empty() {
            queues.remove(&scope);
        }
        together
    }

    /// Those who wait are told so by their channels.
    pub(super) fn give_up(&self, scope: ScopeId) {
        self.lock().remove(&scope);
    }

    fn lock(&self) -> MutexGuard<'_, ByScope> {
        self.by_scope.lock().unwrap_or_else(PoisonError::into_inner)
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
pub(super) fn still_wanted(waiting: Vec<Waiting>) -> Vec<Waiting> {
    let (wanted, expired): (Vec<_>, Vec<_>) = waiting.into_iter().partition(Waiting::is_wanted);
    for Waiting { done, .. } in expired {
        _ = done.send(Err(error::Error::Expired.into()));
    }
    wanted
}
