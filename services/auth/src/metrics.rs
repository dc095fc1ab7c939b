//! What the auth service counts. Nothing here names a person.
use std::{sync::LazyLock, time::Duration};

use kit::metrics::Metric;
use prometheus::{Histogram, IntCounterVec, IntGauge, IntGaugeVec};

const LOGINS: Metric = Metric::counter(
    "errand_auth_logins_total",
    &["method", "result", "reason"],
    "Attempts to sign in, by what came of them.",
);
const REGISTRATIONS: Metric = Metric::counter(
    "errand_auth_registrations_total",
    &["result"],
    "Attempts to open an account, by what came of them.",
);
const TOKENS_ISSUED: Metric =
    Metric::counter("errand_auth_tokens_issued_total", &["type"], "Tokens that were given out.");
const REFRESHES: Metric = Metric::counter(
    "errand_auth_token_refreshes_total",
    &["result"],
    "Refresh tokens that were presented, by what came of them.",
);
const REUSE_DETECTED: Metric = Metric::counter(
    "errand_auth_refresh_reuse_detected_total",
    &[],
    "Sessions that were ended because a used refresh token came back: it may have been stolen.",
);
const LOCKOUTS: Metric = Metric::counter(
    "errand_auth_lockouts_total",
    &[],
    "Attempts that were turned away because too many had failed before.",
);
const HASH_DURATION: Metric = Metric::histogram(
    "errand_auth_password_hash_duration_seconds",
    &[],
    "Time to hash a password, without the wait for its turn.",
    kit::metrics::catalogue::DURATION_BUCKETS,
);
const HASHES_SKIPPED: Metric = Metric::counter(
    "errand_auth_password_hashes_skipped_total",
    &["reason"],
    "Passwords that were not hashed: the queue was full, their turn came too late, or the client had left.",
);
const ACTIVE_SESSIONS: Metric =
    Metric::gauge("errand_auth_active_sessions", &[], "Sessions that could be refreshed now.");
const KEY_CREATED: Metric = Metric::gauge(
    "errand_auth_signing_key_created_timestamp_seconds",
    &["state"],
    "When the signing key in this state was made, in seconds since 1970; 0 when there is none.",
);
const TRUST_STREAMS: Metric = Metric::gauge(
    "errand_auth_trust_streams",
    &[],
    "Peers that follow keys and revocations from this replica.",
);

/// All of them, for documentation, rules and dashboards.
pub const CATALOGUE: &[Metric] = &[
    LOGINS,
    REGISTRATIONS,
    TOKENS_ISSUED,
    REFRESHES,
    REUSE_DETECTED,
    LOCKOUTS,
    HASH_DURATION,
    HASHES_SKIPPED,
    ACTIVE_SESSIONS,
    KEY_CREATED,
    TRUST_STREAMS,
];

struct Handles {
    logins: IntCounterVec,
    registrations: IntCounterVec,
    tokens: IntCounterVec,
    refreshes: IntCounterVec,
    reuse: IntCounterVec,
    lockouts: IntCounterVec,
    hash: Histogram,
    skipped: IntCounterVec,
    sessions: IntGauge,
    keys: IntGaugeVec,
    streams: IntGauge,
}

/// Every series begins at 0, so that its first rise is seen.
static HANDLES: LazyLock<Handles> = LazyLock::new(|| {
    let counter = |metric: Metric, series: &[&[&str]]| {
        let counter = metric.register_counter();
        series.iter().for_each(|labels| drop(counter.with_label_values(labels)));
        counter
    };
    let reasons = ["bad_password", "unknown_user", "rate_limited", "busy"];
    let logins = counter(LOGINS, &[&["password", "success", ""]]);
    reasons
        .iter()
        .for_each(|reason| drop(logins.with_label_values(&["password", "failure", reason])));
    let keys = KEY_CREATED.register_gauge();
    ["next", "current", "previous"].iter().for_each(|state| drop(keys.with_label_values(&[state])));
    Handles {
        logins,
        registrations: counter(REGISTRATIONS, &[&["created"], &["taken"], &["refused"]]),
        tokens: counter(TOKENS_ISSUED, &[&["access"], &["refresh"]]),
        refreshes: counter(REFRESHES, &[&["rotated"], &["repeated"], &["refused"], &["reused"]]),
        reuse: counter(REUSE_DETECTED, &[&[]]),
        lockouts: counter(LOCKOUTS, &[&[]]),
        hash: HASH_DURATION.register_histogram().with_label_values(&[] as &[&str]),
        skipped: counter(HASHES_SKIPPED, &[&["full"], &["late"], &["gone"]]),
        sessions: ACTIVE_SESSIONS.register_gauge().with_label_values(&[] as &[&str]),
        keys,
        streams: TRUST_STREAMS.register_gauge().with_label_values(&[] as &[&str]),
    }
});

/// Begins every series at 0.
pub(crate) fn start() {
    LazyLock::force(&HANDLES);
}

/// Someone has signed in with a password.
pub(crate) fn login_succeeded() {
    HANDLES.logins.with_label_values(&["password", "success", ""]).inc();
}

/// Someone could not sign in: `bad_password`, `unknown_user`, `rate_limited` or `busy`.
pub(crate) fn login_failed(reason: &str) {
    HANDLES.logins.with_label_values(&["password", "failure", reason]).inc();
}

/// A registration was `created`, `taken` or `refused`.
pub(crate) fn registration(result: &str) {
    HANDLES.registrations.with_label_values(&[result]).inc();
}

/// An `access` or a `refresh` token was given out.
pub(crate) fn token_issued(kind: &str) {
    HANDLES.tokens.with_label_values(&[kind]).inc();
}

/// A refresh token was `rotated`, `repeated`, `refused` or `reused`.
pub(crate) fn refreshed(result: &str) {
    HANDLES.refreshes.with_label_values(&[result]).inc();
    if result == "reused" {
        HANDLES.reuse.with_label_values(&[] as &[&str]).inc();
    }
}

/// An attempt was turned away.
pub(crate) fn locked_out() {
    HANDLES.lockouts.with_label_values(&[] as &[&str]).inc();
}

/// A password was hashed.
pub(crate) fn hashed(time: Duration) {
    HANDLES.hash.observe(time.as_secs_f64());
}

/// A password was not hashed: `full`, `late` or `gone`.
pub(crate) fn hash_skipped(reason: &str) {
    HANDLES.skipped.with_label_values(&[reason]).inc();
}

/// So many sessions are alive.
pub(crate) fn active_sessions(count: i64) {
    HANDLES.sessions.set(count);
}

/// The key that is `next`, `current` or `previous` was made at this second since 1970.
pub(crate) fn key_created(state: &str, seconds: i64) {
    HANDLES.keys.with_label_values(&[state]).set(seconds);
}

/// A peer that follows, for as long as this value lives.
pub(crate) struct Follower;

impl Follower {
    /// One more.
    pub(crate) fn new() -> Self {
        HANDLES.streams.inc();
        Self
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        HANDLES.streams.dec();
    }
}
