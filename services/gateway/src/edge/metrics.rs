//! What the edge counts of how it guards what is behind it.
use std::{
    cell::RefCell,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use axum::http::StatusCode;
use kit_base::metrics::{Counter, Handles, Layer};
use prometheus::IntCounter;

pub(crate) static RATE_DECISIONS: Counter = Counter::new(
    Layer::Application,
    "errand_ratelimit_decisions_total",
    &["scope", "decision"],
    "Requests that a rate let through, or refused.",
)
.from_start(&[
    &["user", "allowed"],
    &["user", "refused"],
    &["address", "allowed"],
    &["address", "refused"],
    &["login", "allowed"],
    &["login", "refused"],
    &["refresh", "allowed"],
    &["refresh", "refused"],
]);
pub(crate) static ERROR_STREAKS: Counter = Counter::new(
    Layer::Application,
    "errand_http_server_error_streaks_total",
    &[],
    "Times that ten requests in a row failed, with none between them that went well; once more for each ten that follow.",
);
pub(crate) static SERVER_ERRORS: Counter = Counter::new(
    Layer::Application,
    "errand_http_server_errors_total",
    &[],
    "Requests of some route that failed by a fault of the server. It begins at 0, where a series of a status begins with its first request: what Prometheus has not seen before, it does not see grow.",
);
pub(crate) static PROBLEMS: Counter = Counter::new(
    Layer::Application,
    "errand_problems_total",
    &["code"],
    "Requests that were refused, or failed, by the code of the answer.",
);

/// Counts a refusal, or a failure, by its code.
pub(crate) fn refused(code: &str) {
    thread_local!(static HANDLES: RefCell<Handles<(), IntCounter>> = RefCell::default());
    HANDLES.with_borrow_mut(|handles| handles.get(code, (), || PROBLEMS.series(&[code])).inc());
}

/// What a rate decides.
pub(super) struct Decisions {
    pub(super) allowed: IntCounter,
    pub(super) refused: IntCounter,
}

impl Decisions {
    pub(super) fn in_scope(scope: &str) -> Self {
        let counted = |decision| RATE_DECISIONS.series(&[scope, decision]);
        Self { allowed: counted("allowed"), refused: counted("refused") }
    }
}

/// How many errors of the server's make a streak.
const STREAK: u32 = 10;

/// Counts an answer, or that there was none, where it is an error of the server's, and where those follow each other. `route` is the
/// template; empty when no route matched.
pub(super) fn answered(route: &str, status: StatusCode) {
    static IN_A_ROW: AtomicU32 = AtomicU32::new(0);
    if status.is_server_error() {
        if !route.is_empty() {
            SERVER_ERRORS.series(&[]).inc();
        }
        if (IN_A_ROW.fetch_add(1, Relaxed) + 1).is_multiple_of(STREAK) {
            ERROR_STREAKS.series(&[]).inc();
        }
    // What is refused, or left by its client, does not say that anything works. Most often it is 0 already, and no other core has to know.
    } else if !status.is_client_error() && IN_A_ROW.load(Relaxed) > 0 {
        IN_A_ROW.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_and_every_ten_in_a_row_are_a_streak() {
        let counted = || ERROR_STREAKS.series(&[]).get();
        let (before, all) = (counted(), SERVER_ERRORS.series(&[]).get());
        let answered = |status| answered("/of/the/test", status);
        let errors = |count| (0..count).for_each(|_| answered(StatusCode::BAD_GATEWAY));
        errors(9);
        answered(StatusCode::OK);
        errors(9);
        assert_eq!(counted(), before);
        answered(StatusCode::from_u16(499).unwrap());
        errors(30);
        // The nine of before, and these.
        assert_eq!(counted(), before + 3);
        answered(StatusCode::NOT_MODIFIED);
        errors(10);
        assert_eq!(counted(), before + 4);
        super::answered("", StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(SERVER_ERRORS.series(&[]).get(), all + 58);
    }
}
