//! Who may search now.
use std::{sync::Arc, time::Duration};

use kit_base::{
    Fault,
    turns::{Turn, Turns},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    time::{Instant, sleep, sleep_until, timeout_at},
};
use tonic::Code;

use crate::{error::Reason, ids::ScopeId};

/// Searches of this process at once; one more connection is there for what goes on beside the requests.
pub(crate) const AT_ONCE: usize = 2;

/// Searches of a scope that wait or go on. More would only hold places at the peers of this process that reads by key and writes need, too.
const OF_A_SCOPE: usize = 16;
/// The same of all scopes: half of the calls that a connection has.
const OF_ALL: usize = 48;
/// How long one waits: with what a search may take it is answered before its caller gives up on this replica.
const PATIENCE: Duration = Duration::from_millis(400);

/// A scope whose search took longer than this rests as long as it took: half of the time others have what it used.
const LONG: Duration = Duration::from_millis(50);
/// One that gave up a search rests as if that had taken all the time that it may.
const GIVEN_UP: Duration = Duration::from_millis(1_600);

/// Who may search now: one of a scope, so that no user is in the way of all others, and so many in all, in the order of their coming. Those who
/// searched for long have one place among themselves, which rests as long as it was used: however many they are, the others have theirs, and
/// the database half a core of what that place would take.
pub(crate) struct Searches {
    turns: Turns<ScopeId, Last>,
    places: Semaphore,
    long: Arc<Semaphore>,
    entered: Semaphore,
}

/// Why a search is not begun.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("your searches wait for one another, and the last one took long; try again soon")]
    OfScope { again: Duration },
    #[error("too many searches are waiting; try again")]
    OfAll,
}

impl Reason for Error {}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::OfScope { .. } => (Code::ResourceExhausted, "TOO_MANY_AT_ONCE"),
            // Another replica may have fewer.
            Self::OfAll => (Code::Unavailable, "BUSY"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::OfScope { again } => Some(*again),
            Self::OfAll => Some(Duration::from_secs(1)),
        }
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
    last: Turn<Last>,
    began: Instant,
    long: Option<OwnedSemaphorePermit>,
    _place: Option<SemaphorePermit<'a>>,
    _entered: SemaphorePermit<'a>,
}

impl Search<'_> {
    pub(crate) fn end(mut self) {
        let took = self.began.elapsed();
        let was_long = took > LONG;
        *self.last = Last { was_long, rests_until: was_long.then(|| Instant::now() + took) };
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
        Self { turns: Turns::new(), places, long, entered: Semaphore::new(OF_ALL) }
    }

    /// Waits for the turn of a scope, until it has rested, and for a place, where that is soon.
    pub(crate) async fn begin(&self, scope: ScopeId) -> Result<Search<'_>, Error> {
        let until = Instant::now() + PATIENCE;
        let _entered = self.entered.try_acquire().map_err(|_| Error::OfAll)?;
        let turn = timeout_at(until, self.turns.begin_among(scope, OF_A_SCOPE)).await;
        let again = Duration::from_secs(1);
        let mut last = turn.ok().flatten().ok_or(Error::OfScope { again })?;
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
                timeout_at(until, long).await.map_err(busy)?.ok()
            }
            false => None,
        };
        let _place = timeout_at(until, self.places.acquire()).await.map_err(busy)?.ok();
        let began = Instant::now();
        // As it will have been where it is given up.
        *last = Last { was_long: true, rests_until: Some(began + GIVEN_UP) };
        Ok(Search { last, began, long, _place, _entered })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_scope_that_searched_for_long_rests_as_long() {
        let (searches, scope) = (Searches::new(), ScopeId(Uuid::from_u128(1)));
        let waits = async || {
            let began = Instant::now();
            let mut refused = Duration::ZERO;
            loop {
                match searches.begin(scope).await {
                    Ok(search) => return (search, began.elapsed().as_millis(), refused),
                    Err(error) => {
                        refused = error.retry_after().expect("when to come again");
                        sleep(refused).await;
                    }
                }
            }
        };
        for (takes, waited_by_the_next) in [(1, 0), (50, 0), (51, 51), (400, 400), (800, 800)] {
            let (search, ..) = waits().await;
            sleep(Duration::from_millis(takes)).await;
            search.end();
            let (search, waited, refused) = waits().await;
            assert_eq!(waited, waited_by_the_next, "after {takes}");
            let told = if takes > 400 { u64::try_from(waited).unwrap() } else { 0 };
            assert_eq!(refused, Duration::from_millis(told), "nobody waits so long in its place");
            search.end();
        }
        drop(waits().await);
        assert_eq!(
            waits().await.1,
            GIVEN_UP.as_millis(),
            "what is given up was begun all the same"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_wait_and_no_more_and_none_for_long() {
        let (searches, scope) = (Searches::new(), |number| ScopeId(Uuid::from_u128(number)));
        let held = searches.begin(scope(1)).await.unwrap();
        let began = Instant::now();
        let told = async |number| {
            let refusal = searches.begin(scope(number)).await.err().map(|error| error.fault().1);
            (refusal, began.elapsed())
        };
        let of_one = (0..2 * OF_A_SCOPE).map(|_| told(1));
        let of_one = futures_util::future::join_all(of_one).await;
        let at_once = |(_, waited): &&(Option<&str>, Duration)| waited.is_zero();
        assert_eq!(of_one.iter().filter(at_once).count(), OF_A_SCOPE + 1);
        assert!(of_one.iter().all(|(refusal, waited)| {
            *refusal == Some("TOO_MANY_AT_ONCE") && *waited <= PATIENCE
        }));
        held.end();
        let both =
            (searches.begin(scope(2)).await.unwrap(), searches.begin(scope(3)).await.unwrap());
        let began = Instant::now();
        let others = (10..90).map(|number| async move {
            let refusal = told(number).await.0;
            (refusal, began.elapsed())
        });
        let others = futures_util::future::join_all(others).await;
        assert!(others.iter().all(|(refusal, _)| *refusal == Some("BUSY")));
        assert_eq!(others.iter().filter(at_once).count(), 80 - (OF_ALL - 2));
        drop(both);
    }

    #[tokio::test]
    async fn so_many_scopes_search_at_once_and_each_of_them_once() {
        use futures_util::FutureExt as _;
        let (searches, scope) = (Searches::new(), |number| ScopeId(Uuid::from_u128(number)));
        let begins = |number| searches.begin(scope(number)).now_or_never()?.ok();
        let first = begins(1).expect("a place");
        assert!(begins(1).is_none(), "one of a scope");
        let second = begins(2).expect("a place");
        assert_eq!(AT_ONCE, 2);
        assert!(begins(3).is_none(), "there is no more room");
        first.end();
        assert!(begins(3).is_some());
        second.end();
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_search_for_long_the_others_have_a_place() {
        let (searches, scope) = (Searches::new(), |number| ScopeId(Uuid::from_u128(number)));
        let searches_for = async |number, milliseconds| {
            let began = Instant::now();
            let search = loop {
                match searches.begin(scope(number)).await {
                    Ok(search) => break search,
                    Err(error) => sleep(error.retry_after().expect("when to come again")).await,
                }
            };
            let waited = began.elapsed().as_millis();
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            search.end();
            waited
        };
        let hostile = |number| async move {
            for _ in 0..20 {
                searches_for(number, 800).await;
            }
        };
        let everybody = async {
            // Nobody knew of them at first.
            tokio::time::sleep(Duration::from_secs(10)).await;
            for _ in 0..50 {
                assert_eq!(searches_for(99, 10).await, 0);
                tokio::time::sleep(Duration::from_millis(90)).await;
            }
        };
        let began = Instant::now();
        tokio::join!(futures_util::future::join_all((0..8).map(hostile)), everybody);
        let (searched, took) = (Duration::from_millis(8 * 20 * 800), began.elapsed());
        assert!(took > searched * 19 / 10, "{took:?}: half of the time nobody searches for long");
    }
}
