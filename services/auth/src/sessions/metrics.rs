use kit_base::metrics::{Counter, Gauge, Layer};

pub(crate) static LOGINS: Counter = Counter::new(
    Layer::Business,
    "errand_auth_logins_total",
    &["method", "result", "reason"],
    "Attempts to sign in, by what came of them.",
)
.from_start(&[
    &["password", "success", ""],
    &["password", "failure", "bad_password"],
    &["password", "failure", "unknown_user"],
    &["password", "failure", "rate_limited"],
    &["password", "failure", "busy"],
]);
pub(crate) static TOKENS_ISSUED: Counter = Counter::new(
    Layer::Business,
    "errand_auth_tokens_issued_total",
    &["type"],
    "Tokens that were given out.",
)
.from_start(&[&["access"], &["refresh"]]);
pub(crate) static ACTIVE_SESSIONS: Gauge = Gauge::new(
    Layer::Business,
    "errand_auth_active_sessions",
    &[],
    "Sessions that could be refreshed now.",
)
.from_start(&[&[]]);

/// Someone has signed in with a password.
pub(crate) fn login_succeeded() {
    LOGINS.series(&["password", "success", ""]).inc();
}

/// Someone could not sign in: `bad_password`, `unknown_user`, `rate_limited` or `busy`.
pub(crate) fn login_failed(reason: &str) {
    LOGINS.series(&["password", "failure", reason]).inc();
}

/// An `access` or a `refresh` token was given out.
pub(crate) fn token_issued(kind: &str) {
    TOKENS_ISSUED.series(&[kind]).inc();
}

/// So many sessions are alive.
pub(crate) fn active_sessions(count: i64) {
    ACTIVE_SESSIONS.set(&[], count);
}
