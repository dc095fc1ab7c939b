//! So many in a period, and no more.
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::Clock;

/// Counts what was spent in this second. Where two of them meet, a few more may be.
#[derive(Debug)]
pub struct Ration {
    most: u32,
    second: AtomicI64,
    spent: AtomicU32,
}

impl Ration {
    /// Of `most` a second, one at least.
    pub const fn new(most: u32) -> Self {
        Self { most, second: AtomicI64::new(0), spent: AtomicU32::new(0) }
    }

    /// Spends one: whether there was one left.
    pub fn spend(&self, clock: &Clock) -> bool {
        let now = clock.now().as_seconds();
        if self.second.swap(now, Relaxed) != now {
            self.spent.store(0, Relaxed);
        }
        self.spent.fetch_add(1, Relaxed) < self.most
    }
}

/// So many in a period for each of many, of whom so many are remembered at once.
#[derive(Debug)]
pub struct Rations<K> {
    most: u32,
    seconds: i64,
    spent: Mutex<Spent<K>>,
}

#[derive(Debug)]
struct Spent<K> {
    period: i64,
    by_key: HashMap<K, u32>,
}

/// Keys that are remembered: beyond these, those that have something left are forgotten.
const REMEMBERED: usize = 65_536;

impl<K: Eq + Hash> Rations<K> {
    /// For each `most` in so many seconds, one at least.
    pub fn new(most: u32, seconds: i64) -> Self {
        let spent = Spent { period: 0, by_key: HashMap::new() };
        Self { most, seconds, spent: Mutex::new(spent) }
    }

    /// Spends one of those of `key`, or gives how long it is until there are others.
    pub fn spend(&self, key: K, clock: &Clock) -> Result<(), Duration> {
        let now = clock.now().as_seconds();
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let period = now.div_euclid(self.seconds);
        if spent.period != period {
            *spent = Spent { period, by_key: HashMap::new() };
        }
        if spent.by_key.len() >= REMEMBERED && !spent.by_key.contains_key(&key) {
            spent.by_key.retain(|_, count| *count >= self.most);
        }
        let count = spent.by_key.entry(key).or_default();
        if *count < self.most {
            *count += 1;
            return Ok(());
        }
        let left = self.seconds - now.rem_euclid(self.seconds);
        Err(Duration::from_secs(u64::try_from(left).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn each_second_has_its_own() {
        let ration = Ration::new(3);
        let count = |second: i64| {
            let clock = Clock::fixed(Timestamp::from_seconds(second));
            (0..10).filter(|_| ration.spend(&clock)).count()
        };
        assert_eq!([count(1_800_000_010), count(1_800_000_010), count(1_800_000_011)], [3, 0, 3]);
    }

    #[test]
    fn each_period_has_its_own_and_who_has_none_left_is_told_how_long_it_lasts() {
        let rations = Rations::new(3, 60);
        let spent = |second: i64| {
            let clock = Clock::fixed(Timestamp::from_seconds(second));
            (0..10).map(|_| rations.spend("key", &clock)).collect::<Vec<_>>()
        };
        let count = |spent: Vec<Result<(), Duration>>| spent.iter().filter(|it| it.is_ok()).count();
        let first = spent(1_800_000_010);
        assert_eq!(first[3], Err(Duration::from_secs(50)));
        assert_eq!(
            [count(first), count(spent(1_800_000_059)), count(spent(1_800_000_060))],
            [3, 0, 3]
        );
        assert_eq!(count(spent(1_700_000_000)), 3, "a clock that is set makes nobody wait");
    }

    #[test]
    fn each_key_has_its_own_and_who_has_none_left_is_not_forgotten_for_others() {
        let rations = Rations::new(2, 3600);
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let spend = |key: usize| rations.spend(key, &clock).is_ok();
        assert_eq!([spend(0), spend(0), spend(0), spend(1)], [true, true, false, true]);
        assert!((2..3 * REMEMBERED).all(spend));
        assert!(rations.spent.lock().unwrap().by_key.len() <= REMEMBERED);
        assert!(!spend(0));
        clock.advance(Duration::from_secs(3600));
        assert!(spend(0));
    }
}
