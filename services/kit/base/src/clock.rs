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
