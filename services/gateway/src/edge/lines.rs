//! Which requests have a line in the log.
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use axum::http::StatusCode;
use kit_base::chance;

/// What takes longer has a line in any case.
const SLOW: Duration = Duration::from_millis(500);

/// Chooses among the requests that go well.
pub(crate) struct Lines {
    /// The bits of the part of them that is chosen.
    share: AtomicU64,
}

/// Whether one has a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Always,
    /// Where it does not go well, or is slow.
    Remarkable,
    Never,
}

impl Lines {
    /// Of this part of those that go well.
    pub(crate) fn new(share: f64) -> Self {
        Self { share: AtomicU64::new(share.to_bits()) }
    }

    /// From now on of this part.
    pub(crate) fn follow(&self, share: f64) {
        self.share.store(share.to_bits(), Relaxed);
    }

    pub(super) fn next(&self) -> Line {
        let share = f64::from_bits(self.share.load(Relaxed));
        if share >= 1.0 || chance::share() < share { Line::Always } else { Line::Remarkable }
    }
}

impl Line {
    pub(super) fn is_written(self, status: StatusCode, took: Duration) -> bool {
        let remarkable = || status.is_client_error() || status.is_server_error() || took >= SLOW;
        match self {
            Self::Always => true,
            Self::Remarkable => remarkable(),
            Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_or_is_slow_has_a_line_whatever_part_of_the_others_has_one() {
        let written = |line: Line, status: u16, milliseconds| {
            let status = StatusCode::from_u16(status).unwrap();
            line.is_written(status, Duration::from_millis(milliseconds))
        };
        for (status, milliseconds, remarkable) in [
            (200, 499, false),
            (304, 1, false),
            (200, 500, true),
            (404, 1, true),
            (499, 1, true),
            (503, 1, true),
        ] {
            assert!(written(Line::Always, status, milliseconds));
            assert_eq!(written(Line::Remarkable, status, milliseconds), remarkable, "{status}");
            assert!(!written(Line::Never, status, milliseconds));
        }
    }

    #[test]
    fn so_many_of_those_that_go_well_have_a_line_as_the_part_says() {
        let lines = Lines::new(1.0);
        let chosen = |lines: &Lines| (0..1_000).filter(|_| lines.next() == Line::Always).count();
        assert_eq!(chosen(&lines), 1_000);
        lines.follow(0.0);
        assert_eq!(chosen(&lines), 0);
        lines.follow(0.25);
        assert!((150..=350).contains(&chosen(&lines)));
    }
}
