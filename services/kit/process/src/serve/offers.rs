//! What of the answers of a connection waits for its client to take it, and since when.
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// One answer of many may wait so many times longer than all of them together.
const MANY: u32 = 10;

/// The pieces that wait for a client, and since when.
#[derive(Debug, Default)]
pub(super) struct Offers(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    taken: Option<Instant>,
    since: Vec<(u64, Instant)>,
}

/// A part of an answer that the client has not taken yet.
#[derive(Debug)]
pub(super) struct Offered {
    offers: Arc<Offers>,
    number: u64,
}

impl Offers {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer waits for the client to take more of it, until the guard is dropped.
    pub(super) fn offer(self: &Arc<Self>) -> Offered {
        let mut waiting = self.waiting();
        waiting.last += 1;
        let number = waiting.last;
        waiting.since.push((number, Instant::now()));
        Offered { offers: Arc::clone(self), number }
    }

    /// Waits until the client has taken nothing for `limit` of all answers that wait for it, or nothing of one of them for ten times as
    /// long: many clients of a proxy may share a connection, which one of them alone does not end so soon.
    pub(super) async fn untaken(&self, limit: Duration) {
        loop {
            let end = self.waiting().end(limit).unwrap_or_else(|| Instant::now() + limit);
            if end <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }
}

impl Waiting {
    /// When the client will have had the time that it gets; none when nothing waits.
    fn end(&self, limit: Duration) -> Option<Instant> {
        let since = || self.since.iter().map(|(_, since)| *since);
        let first = since().min()?;
        let last = since().chain(self.taken).max()?;
        Some((last + limit).min(first + limit * MANY))
    }
}

impl Offered {
    /// It was taken, and more waits in its place.
    pub(super) fn replace(&self) {
        let mut waiting = self.offers.waiting();
        if let Some((_, since)) =
            waiting.since.iter_mut().find(|(number, _)| *number == self.number)
        {
            *since = Instant::now();
        }
    }
}

impl Drop for Offered {
    fn drop(&mut self) {
        let mut waiting = self.offers.waiting();
        waiting.since.retain(|(number, _)| *number != self.number);
        waiting.taken = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_untaken_when_nothing_of_any_was_taken_for_so_long() {
        let (offers, limit) = (Arc::<Offers>::default(), Duration::from_secs(10));
        let hour = tokio::time::timeout(Duration::from_secs(3600), offers.untaken(limit));
        assert!(hour.await.is_err(), "nothing waits");
        let (one, other) = (offers.offer(), offers.offer());
        let taking = async {
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_secs(9)).await;
                one.replace();
            }
            drop(one);
        };
        let began = Instant::now();
        tokio::join!(offers.untaken(limit), taking);
        assert_eq!(began.elapsed(), Duration::from_secs(82), "after the last that was taken");
        drop(other);
        let hour = tokio::time::timeout(Duration::from_secs(3600), offers.untaken(limit));
        assert!(hour.await.is_err(), "nothing waits any more");
    }

    #[tokio::test(start_paused = true)]
    async fn one_answer_that_nobody_takes_ends_a_lively_connection_in_the_end() {
        let (offers, limit) = (Arc::<Offers>::default(), Duration::from_secs(10));
        let (lively, _stuck) = (offers.offer(), offers.offer());
        let taking = async {
            lively.replace();
            drop(lively);
            loop {
                tokio::time::sleep(Duration::from_secs(9)).await;
                drop(offers.offer());
            }
        };
        let began = Instant::now();
        tokio::select! {
            () = offers.untaken(limit) => assert_eq!(began.elapsed(), limit * MANY),
            () = taking => {}
        }
    }
}
