//! The time of day, handed in: rules never look at a clock of their own.
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use crate::time::Timestamp;

/// Where the time comes from. Copies of a fixed clock advance together.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still at `start` until it is advanced.
    pub fn fixed(start: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.as_microseconds()))))
    }

    /// Moves a fixed clock on; the machine's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(now) = &self.0 {
            now.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// Sets a clock that stands still, as one of a machine may be set.
    pub fn set(&self, to: Timestamp) {
        if let Some(now) = &self.0 {
            now.store(to.as_microseconds(), Ordering::SeqCst);
        }
    }

    /// The time now, to the microsecond.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that looks at the machine's clock"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(now) => Timestamp::from_microseconds(now.load(Ordering::SeqCst)),
            None => jiff::Timestamp::now().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copies_of_a_fixed_clock_advance_together_and_the_machines_by_itself() {
        let fixed = Clock::fixed(Timestamp::from_seconds(7));
        let copy = fixed.clone();
        copy.advance(Duration::from_millis(1_500));
        assert_eq!(fixed.now(), Timestamp::from_microseconds(8_500_000));
        let system = Clock::system();
        let before = system.now();
        system.advance(Duration::from_secs(3600));
        assert!(system.now().since(before) < Duration::from_secs(1800));
    }
}
