//! So many in a period, and no more.
use std::{
    sync::atomic::{AtomicI64, AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use crate::Clock;

/// Counts what was taken in this period. Where two of them meet, a few more may be.
#[derive(Debug)]
pub struct Ration {
    most: u32,
    seconds: i64,
    period: AtomicI64,
    taken: AtomicU32,
}

impl Ration {
    /// Of `most` in so many seconds, one at least.
    pub const fn new(most: u32, seconds: i64) -> Self {
        Self { most, seconds, period: AtomicI64::new(0), taken: AtomicU32::new(0) }
    }

    /// Takes one, or gives how long it is until there are others.
    pub fn take(&self, clock: &Clock) -> Result<(), Duration> {
        let now = clock.now().as_seconds();
        let period = now.div_euclid(self.seconds);
        if self.period.swap(period, Relaxed) != period {
            self.taken.store(0, Relaxed);
        }
        if self.taken.fetch_add(1, Relaxed) < self.most {
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
    fn each_period_has_its_own() {
        let ration = Ration::new(3, 60);
        let taken = |second: i64| {
            let clock = Clock::fixed(Timestamp::from_seconds(second));
            (0..10).map(|_| ration.take(&clock)).collect::<Vec<_>>()
        };
        let count = |taken: Vec<Result<(), Duration>>| taken.iter().filter(|it| it.is_ok()).count();
        let first = taken(1_800_000_010);
        assert_eq!(first[3], Err(Duration::from_secs(50)));
        assert_eq!(
            [count(first), count(taken(1_800_000_059)), count(taken(1_800_000_060))],
            [3, 0, 3]
        );
    }
}
