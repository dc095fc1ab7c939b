//! Who may search now.
use std::{sync::Arc, time::Duration};

use kit_base::turns::{Turn, Turns};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    time::{Instant, sleep, sleep_until},
};

use crate::ids::ScopeId;

/// Searches of this process at once; one more connection is there for what goes on beside the requests.
pub(crate) const AT_ONCE: usize = 2;

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
        Self { turns: Turns::new(), places, long }
    }

    /// Waits for the turn of a scope, until it has rested, and for a place.
    pub(crate) async fn begin(&self, scope: ScopeId) -> Search<'_> {
        let mut last = self.turns.begin(scope).await;
        if let Some(until) = last.rests_until {
            sleep_until(until).await;
        }
        let long = match last.was_long {
            true => Arc::clone(&self.long).acquire_owned().await.ok(),
            false => None,
        };
        let _place = self.places.acquire().await.ok();
        let began = Instant::now();
        // As it will have been where it is given up.
        *last = Last { was_long: true, rests_until: Some(began + GIVEN_UP) };
        Search { last, began, long, _place }
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
            (searches.begin(scope).await, began.elapsed().as_millis())
        };
        for (takes, waited_by_the_next) in [(1, 0), (50, 0), (51, 51), (800, 800)] {
            let (search, _) = waits().await;
            tokio::time::sleep(Duration::from_millis(takes)).await;
            search.end();
            let (search, waited) = waits().await;
            assert_eq!(waited, waited_by_the_next, "after {takes}");
            search.end();
        }
        drop(waits().await);
        assert_eq!(
            waits().await.1,
            GIVEN_UP.as_millis(),
            "what is given up was begun all the same"
        );
    }

    #[tokio::test]
    async fn so_many_scopes_search_at_once_and_each_of_them_once() {
        use futures_util::FutureExt as _;
        let (searches, scope) = (Searches::new(), |number| ScopeId(Uuid::from_u128(number)));
        let begins = |number| searches.begin(scope(number)).now_or_never();
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
            let search = searches.begin(scope(number)).await;
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
