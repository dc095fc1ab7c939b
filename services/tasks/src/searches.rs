//! Who may search now, or read a large page.
pub(crate) mod error;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use kit_base::turns::{Turn, Turns};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    time::{Instant, sleep, sleep_until, timeout_at},
};

use self::error::Error;
use crate::ids::ScopeId;

/// Searches of this process at once; one more connection is there for what goes on beside the requests.
pub(crate) const AT_ONCE: usize = 2;

/// So many searches wait or go on, and one of each scope besides. More would only hold places at the peers of this process that reads by
/// key and writes need, too: it is half of the calls that a connection has. A scope has at most as many as it leaves to the others.
const WAITING: usize = 48;
/// How long one waits for others of its scope: with what a search may take it is answered before its caller gives up on this replica.
const PATIENCE: Duration = Duration::from_millis(400);
/// How long one waits for those of other scopes, its own included, and a large page for its own.
const LONGEST: Duration = Duration::from_millis(900);

/// A scope whose search took longer than this rests as long as it took: half of the time others have what it used.
const SHORT: Duration = Duration::from_millis(10);
/// One whose search took longer than this has no place but the one that all such share.
const LONG: Duration = Duration::from_millis(50);
/// One that gave up a search rests as if that had taken all the time that it may.
const GIVEN_UP: Duration = Duration::from_millis(1_600);

/// Who may search now: one of a scope, so that no user is in the way of all others, and so many in all, in the order of their coming. Those who
/// searched for long have one place among themselves, which rests as long as it was used: however many they are, the others have theirs, and
/// the database half a core of what that place would take.
pub(crate) struct Searches {
    turns: Turns<(ScopeId, Kind), Last>,
    places: Semaphore,
    long: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// What takes a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Nobody knows what it has to look at.
    Search,
    /// It reads what it gives and nothing else: where that takes long it is not its scope's doing, which need not rest.
    Page,
}

/// A search that waits or goes on.
struct Entered<'a>(&'a AtomicUsize);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What came of the last search of a scope.
#[derive(Debug, Default)]
struct Last {
    was_long: bool,
    /// Until when it rests.
    rests_until: Option<Instant>,
}

/// A search that goes on.
pub(crate) struct Search<'a> {
    kind: Kind,
    last: Turn<Last>,
    began: Instant,
    long: Option<OwnedSemaphorePermit>,
    _place: Option<SemaphorePermit<'a>>,
    _entered: Entered<'a>,
}

impl Search<'_> {
    /// Gives the place back before anything was searched for.
    pub(crate) fn leave(mut self) -> Error {
        *self.last = Last::default();
        Error::OfAll
    }

    pub(crate) fn end(mut self) {
        let took = self.began.elapsed();
        let rests_until = (took > SHORT).then(|| Instant::now() + took);
        *self.last = match self.kind {
            Kind::Search => Last { was_long: took > LONG, rests_until },
            Kind::Page => Last::default(),
        };
    }
}

impl Drop for Search<'_> {
    /// However it ended.
    fn drop(&mut self) {
        let took = self.began.elapsed();
        if let Some(long) = self.long.take().filter(|_| took > LONG) {
            drop(kit_base::work::detach(async move {
                sleep(took).await;
                drop(long);
            }));
        }
    }
}

impl Searches {
    /// Nobody searches yet.
    pub(crate) fn new() -> Self {
        let (places, long) = (Semaphore::new(AT_ONCE), Arc::new(Semaphore::new(AT_ONCE - 1)));
        Self { turns: Turns::new(), places, long, waiting: AtomicUsize::new(0) }
    }

    /// Waits for the turn of a scope, until it has rested, and for a place, where that is soon.
    pub(crate) async fn begin(&self, scope: ScopeId, kind: Kind) -> Result<Search<'_>, Error> {
        let place_until = Instant::now() + LONGEST;
        let until = match kind {
            Kind::Search => Instant::now() + PATIENCE,
            Kind::Page => place_until,
        };
        let left = WAITING.saturating_sub(self.waiting.fetch_add(1, Relaxed));
        let _entered = Entered(&self.waiting);
        let turn = timeout_at(until, self.turns.begin_among((scope, kind), (left / 2).max(1)));
        let mut last = match (turn.await, kind) {
            (Ok(Some(last)), _) => last,
            (Err(_), Kind::Page) => return Err(Error::OfAll),
            (Err(_), Kind::Search) | (Ok(None), _) => {
                return Err(Error::OfScope { again: Duration::from_secs(1) });
            }
        };
        if let Some(rests_until) = last.rests_until {
            if rests_until > until {
                return Err(Error::OfScope { again: rests_until - Instant::now() });
            }
            sleep_until(rests_until).await;
        }
        let busy = |_| Error::OfAll;
        let long = match last.was_long {
            true => {
                let long = Arc::clone(&self.long).acquire_owned();
                timeout_at(place_until, long).await.map_err(busy)?.ok()
            }
            false => None,
        };
        let _place = timeout_at(place_until, self.places.acquire()).await.map_err(busy)?.ok();
        let began = Instant::now();
        if kind == Kind::Search {
            // As it will have been where it is given up.
            *last = Last { was_long: true, rests_until: Some(began + GIVEN_UP) };
        }
        Ok(Search { kind, last, began, long, _place, _entered })
    }
}

#[cfg(test)]
mod tests;
