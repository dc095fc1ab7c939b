//! Turns: what is done one at a time for each key, by however many.
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

/// Keys of which somebody may have left a word though nobody waits for them. Beyond these, what was left is forgotten.
const IDLE: usize = 4096;

/// Whose turn it is, until this is dropped.
pub type Turn<T = ()> = OwnedMutexGuard<T>;

type Place<T> = Arc<tokio::sync::Mutex<T>>;

/// Who waits for its turn waits behind those of the same key alone. Whose turn it is may leave a word for the next.
#[derive(Debug)]
pub struct Turns<K, T = ()> {
    places: Mutex<HashMap<K, Place<T>>>,
}

impl<K: Eq + Hash, T: Default> Turns<K, T> {
    /// Nobody's turn yet.
    pub fn new() -> Self {
        Self { places: Mutex::new(HashMap::new()) }
    }

    /// Waits for the turn of `key`, which is over when what this gives is dropped.
    pub async fn begin(&self, key: K) -> Turn<T> {
        self.place(key).lock_owned().await
    }

    /// The same, unless so many have or await it already.
    pub async fn begin_among(&self, key: K, most: usize) -> Option<Turn<T>> {
        let place = self.place(key);
        // One is of the list of places, and one of who asks.
        let others = Arc::strong_count(&place) - 2;
        if others < most { Some(place.lock_owned().await) } else { None }
    }

    fn place(&self, key: K) -> Place<T> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= IDLE && !places.contains_key(&key) {
            places.retain(|_, place| Arc::strong_count(place) > 1);
        }
        Arc::clone(places.entry(key).or_default())
    }
}

impl<K: Eq + Hash, T: Default> Default for Turns<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_has_one_key_is_done_one_after_another_and_other_keys_wait_for_nobody() {
        let (turns, began) = (Turns::<u32>::new(), Instant::now());
        let work = async |key| {
            let _turn = turns.begin(key).await;
            sleep(Duration::from_secs(1)).await;
        };
        tokio::join!(work(7), work(7), work(7));
        assert_eq!(began.elapsed(), Duration::from_secs(3));
        let began = Instant::now();
        futures_util::future::join_all((0..2_000).map(work)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test]
    async fn no_more_than_so_many_wait_for_one_turn() {
        use futures_util::FutureExt as _;
        let turns = Turns::<u32>::new();
        let begins = || Box::pin(turns.begin_among(7, 2));
        let first = begins().await.expect("nobody is there");
        let mut second = begins();
        assert!(second.as_mut().now_or_never().is_none(), "it waits");
        assert!(begins().await.is_none(), "that is one too many");
        assert!(turns.begin_among(8, 2).await.is_some(), "another key");
        drop(first);
        assert!(second.await.is_some() && begins().await.is_some());
    }

    #[tokio::test]
    async fn what_is_kept_of_those_who_have_gone_is_bounded_and_who_is_there_is_not_forgotten() {
        let turns = Turns::<usize, usize>::new();
        let mut held = turns.begin(0).await;
        *held = 7;
        for key in 1..3 * IDLE {
            *turns.begin(key).await = key;
        }
        assert!(turns.places.lock().unwrap().len() <= IDLE);
        drop(held);
        assert_eq!((*turns.begin(0).await, *turns.begin(3 * IDLE - 1).await), (7, 3 * IDLE - 1));
    }
}
