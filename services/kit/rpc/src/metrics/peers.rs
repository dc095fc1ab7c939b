use std::sync::LazyLock;

use prometheus::{IntCounterVec, IntGaugeVec};

use super::catalogue;

static ENDPOINTS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| catalogue::CLIENT_ENDPOINTS.register_gauge());
static RETRIES: LazyLock<IntCounterVec> =
    LazyLock::new(|| catalogue::CLIENT_RETRIES.register_counter());

/// Tells how many replicas of the peer `target` are in which state.
pub(crate) fn client_endpoints(target: &str, ready: usize, connecting: usize, failed: usize) {
    for (state, count) in [("ready", ready), ("connecting", connecting), ("failed", failed)] {
        ENDPOINTS.with_label_values(&[target, state]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

/// Counts a call to the peer `target` that is sent once more.
pub(crate) fn client_retry(target: &str, reason: &'static str) {
    RETRIES.with_label_values(&[target, reason]).inc();
}
