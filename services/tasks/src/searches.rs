//! Who may search now.
use std::time::Duration;

use kit_base::turns::{Turn, Turns};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until},
};

use crate::ids::ScopeId;

/// Searches of this process at once; one more connection is there for what goes on beside the requests.
pub(crate) const AT_ONCE: usize = 2;

/// A scope whose search took longer than this rests as long as it took: half of the time others have what it used.
const LONG: Duration = Duration::from_millis(50);
/// One that gave up a search rests as if that had taken all the time that it may.
const GIVEN_UP: Duration = Duration::from_millis(1_600);

/// Who may search now: one of a scope, so that no user is in the way of all others, and so many in all, in the order of their coming.
pub(crate) struct Searches {
    /// Until when a scope rests.
    turns: Turns<ScopeId, Option<Instant>>,
    places: Semaphore,
}

/// A search that goes on.
pub(crate) struct Search<'a> {
    rests_until: Turn<Option<Instant>>,
    began: Instant,
    _place: Option<SemaphorePermit<'a>>,
}

impl Search<'_> {
    pub(crate) fn end(mut self) {
        let took = self.began.elapsed();
        *self.rests_until = (took > LONG).then(|| Instant::now() + took);
    }
}

impl Searches {
    /// Nobody searches yet.
    pub(crate) fn new() -> Self {
        Self { turns: Turns::new(), places: Semaphore::new(AT_ONCE) }
    }

    /// Waits for the turn of a scope, until it has rested, and for a place.
    pub(crate) async fn begin(&self, scope: ScopeId) -> Search<'_> {
        let mut rests_until = self.turns.begin(scope).await;
        if let Some(until) = *rests_until {
            sleep_until(until).await;
        }
        let _place = self.places.acquire().await.ok();
        let began = Instant::now();
        *rests_until = Some(began + GIVEN_UP);
        Search { rests_until, began, _place }
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
}
