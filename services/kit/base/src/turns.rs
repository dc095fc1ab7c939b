//! Turns: what is done one at a time for each key, by however many.
use std::hash::Hash;

use tokio::sync::{Mutex, MutexGuard};

use crate::keyed::Keyed;

const PLACES: usize = 1024;

/// Who waits for its turn waits behind those of the same key, and rarely behind others. Whose turn it is may leave a word for the next.
#[derive(Debug)]
pub struct Turns<T = ()> {
    places: Keyed<Mutex<T>>,
}

impl<T: Default> Turns<T> {
    /// Nobody's turn yet.
    pub fn new() -> Self {
        Self { places: Keyed::new(PLACES, Mutex::default) }
    }

    /// Waits for the turn of `key`, which is over when what this gives is dropped.
    pub async fn begin(&self, key: impl Hash) -> MutexGuard<'_, T> {
        self.places.value(key).lock().await
    }
}

impl<T: Default> Default for Turns<T> {
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
    async fn what_has_one_key_is_done_one_after_another_and_other_keys_wait_for_few() {
        let (turns, began) = (Turns::<()>::new(), Instant::now());
        let work = async |key| {
            let _turn = turns.begin(key).await;
            sleep(Duration::from_secs(1)).await;
        };
        tokio::join!(work(7), work(7), work(7));
        assert_eq!(began.elapsed(), Duration::from_secs(3));
        let began = Instant::now();
        tokio::join!(work(1), work(2), work(3), work(4), work(5), work(6));
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    }
}
