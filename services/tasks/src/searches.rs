//! Who may search now.
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
/// How long one waits for those of other scopes, its own included.
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
    turns: Turns<ScopeId, Last>,
    places: Semaphore,
    long: Arc<Semaphore>,
    waiting: AtomicUsize,
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
    last: Turn<Last>,
    began: Instant,
    long: Option<OwnedSemaphorePermit>,
    _place: Option<SemaphorePermit<'a>>,
    _entered: Entered<'a>,
}

impl Search<'_> {
    pub(crate) fn end(mut self) {
        let took = self.began.elapsed();
        let rests_until = (took > SHORT).then(|| Instant::now() + took);
        *self.last = Last { was_long: took > LONG, rests_until };
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
    pub(crate) async fn begin(&self, scope: ScopeId) -> Result<Search<'_>, Error> {
        let (until, place_until) = (Instant::now() + PATIENCE, Instant::now() + LONGEST);
        let left = WAITING.saturating_sub(self.waiting.fetch_add(1, Relaxed));
        let _entered = Entered(&self.waiting);
        let turn = timeout_at(until, self.turns.begin_among(scope, (left / 2).max(1))).await;
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
                timeout_at(place_until, long).await.map_err(busy)?.ok()
            }
            false => None,
        };
        let _place = timeout_at(place_until, self.places.acquire()).await.map_err(busy)?.ok();
        let began = Instant::now();
        // As it will have been where it is given up.
        *last = Last { was_long: true, rests_until: Some(began + GIVEN_UP) };
        Ok(Search { last, began, long, _place, _entered })
    }
}

#[cfg(test)]
mod tests {
    use kit_base::Fault as _;
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
        for (takes, waited_by_the_next) in
            [(1, 0), (10, 0), (11, 11), (50, 50), (51, 51), (400, 400), (800, 800)]
        {
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
        let held =
            (searches.begin(scope(1)).await.unwrap(), searches.begin(scope(2)).await.unwrap());
        let began = Instant::now();
        let told = async |number| {
            let refusal = searches.begin(scope(number)).await.err().map(|error| error.fault().1);
            (refusal, began.elapsed())
        };
        // Three who want all that there is, and then somebody else, who waits for a place as anybody does.
        let all = (0..3 * 64).map(|number| told(1 + number / 64)).chain([told(9)]);
        let all = futures_util::future::join_all(all).await;
        let waited =
            |of: &[(Option<&str>, Duration)]| of.iter().filter(|it| !it.1.is_zero()).count();
        assert_eq!([0, 1, 2].map(|of| waited(&all[64 * of..64 * (of + 1)])), [15, 10, 7]);
        assert_eq!(all.last(), Some(&(Some("BUSY"), LONGEST)));
        assert!(all.iter().all(|(_, waited)| *waited <= LONGEST));
        let refused = |told| all.iter().filter(|(refusal, _)| *refusal == Some(told)).count();
        assert_eq!((refused("TOO_MANY_AT_ONCE"), refused("BUSY")), (191, 2));
        held.0.end();
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
