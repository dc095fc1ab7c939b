use std::sync::LazyLock;

use prometheus::{IntCounterVec, IntGaugeVec};

use super::catalogue;

static RELOADS: LazyLock<IntCounterVec> =
    LazyLock::new(|| catalogue::TLS_RELOADS.register_counter());
static REFUSALS: LazyLock<IntCounterVec> =
    LazyLock::new(|| catalogue::TLS_REFUSALS.register_counter());
static NOT_BEFORE: LazyLock<IntGaugeVec> =
    LazyLock::new(|| catalogue::TLS_NOT_BEFORE.register_gauge());
static NOT_AFTER: LazyLock<IntGaugeVec> =
    LazyLock::new(|| catalogue::TLS_NOT_AFTER.register_gauge());

/// Tells when this process's certificate begins and ends to be valid, in seconds of Unix time.
pub(crate) fn tls_certificate(not_before: u64, not_after: u64) {
    let set = |gauge: &IntGaugeVec, seconds: u64| {
        gauge.with_label_values::<&str>(&[]).set(i64::try_from(seconds).unwrap_or(i64::MAX));
    };
    set(&NOT_BEFORE, not_before);
    set(&NOT_AFTER, not_after);
    // There from the start: a rate has to begin somewhere.
    RESULTS.iter().for_each(|result| _ = RELOADS.with_label_values(&[result]));
}

/// Counts new TLS files that were taken, or refused.
pub(crate) fn tls_reloaded(taken: bool) {
    RELOADS.with_label_values(&[RESULTS[usize::from(taken)]]).inc();
}

/// Begins to count, at 0, the connections that are not let in for these reasons.
pub(crate) fn begin_tls_refusals(reasons: &[&'static str]) {
    reasons.iter().for_each(|reason| drop(REFUSALS.with_label_values(&[reason])));
}

/// Counts a connection that was not let in.
pub(crate) fn tls_refused(reason: &'static str) {
    REFUSALS.with_label_values(&[reason]).inc();
}

const RESULTS: [&str; 2] = ["failure", "success"];
