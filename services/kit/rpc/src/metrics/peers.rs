use std::sync::LazyLock;

use prometheus::{IntCounterVec, IntGaugeVec};

use super::catalogue;

static ENDPOINTS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| catalogue::CLIENT_ENDPOINTS.register_gauge());
static RETRIES: LazyLock<IntCounterVec> =
    LazyLock::new(|| catalogue::CLIENT_RETRIES.register_counter());

/// Tells how many replicas of the peer `target` are in which state.
pub(crate) fn client_endpoints(target: &str, ready: usize, failed: usize) {
    for (state, count) in [("ready", ready), ("failed", failed)] {
        ENDPOINTS.with_label_values(&[target, state]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

/// Begins to count, at 0, what is sent once more to the peer `target`.
pub(crate) fn begin_client_retries(target: &str, reasons: impl IntoIterator<Item = &'static str>) {
    reasons.into_iter().for_each(|reason| drop(RETRIES.with_label_values(&[target, reason])));
}

/// Counts a call to the peer `target` that is sent once more.
pub(crate) fn client_retry(target: &str, reason: &'static str) {
    RETRIES.with_label_values(&[target, reason]).inc();
}
