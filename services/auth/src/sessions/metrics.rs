use std::sync::LazyLock;

use kit_base::metrics::Metric;
use prometheus::{IntCounterVec, IntGauge};

use crate::metrics::series::counter;

pub(crate) const LOGINS: Metric = Metric::counter(
    "errand_auth_logins_total",
    &["method", "result", "reason"],
    "Attempts to sign in, by what came of them.",
);
pub(crate) const TOKENS_ISSUED: Metric =
    Metric::counter("errand_auth_tokens_issued_total", &["type"], "Tokens that were given out.");
pub(crate) const ACTIVE_SESSIONS: Metric =
    Metric::gauge("errand_auth_active_sessions", &[], "Sessions that could be refreshed now.");

static ATTEMPTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let failed = |reason| ["password", "failure", reason];
    let reasons = ["bad_password", "unknown_user", "rate_limited", "busy"].map(failed);
    let [a, b, c, d] = &reasons;
    counter(LOGINS, &[&["password", "success", ""], a, b, c, d])
});
static TOKENS: LazyLock<IntCounterVec> =
    LazyLock::new(|| counter(TOKENS_ISSUED, &[&["access"], &["refresh"]]));
static ACTIVE: LazyLock<IntGauge> =
    LazyLock::new(|| ACTIVE_SESSIONS.register_gauge().with_label_values(&[] as &[&str]));

/// Begins every series at 0.
pub(crate) fn start() {
    LazyLock::force(&ATTEMPTS);
    LazyLock::force(&TOKENS);
    LazyLock::force(&ACTIVE);
}

/// Someone has signed in with a password.
pub(crate) fn login_succeeded() {
    ATTEMPTS.with_label_values(&["password", "success", ""]).inc();
}

/// Someone could not sign in: `bad_password`, `unknown_user`, `rate_limited` or `busy`.
pub(crate) fn login_failed(reason: &str) {
    ATTEMPTS.with_label_values(&["password", "failure", reason]).inc();
}

/// An `access` or a `refresh` token was given out.
pub(crate) fn token_issued(kind: &str) {
    TOKENS.with_label_values(&[kind]).inc();
}

/// So many sessions are alive.
pub(crate) fn active_sessions(count: i64) {
    ACTIVE.set(count);
}
