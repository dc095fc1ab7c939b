use std::sync::LazyLock;

use prometheus::{IntCounterVec, IntGaugeVec};

use super::catalogue;

static SHED: LazyLock<IntCounterVec> = LazyLock::new(|| catalogue::LOAD_SHED.register_counter());
static LIMIT: LazyLock<IntGaugeVec> = LazyLock::new(|| catalogue::LOAD_LIMIT.register_gauge());

/// Counts a connection or request that was refused to protect the others.
pub fn load_shed(reason: &'static str) {
    SHED.with_label_values(&[reason]).inc();
}

/// Begins to count, at 0, what is refused for this reason.
pub fn begin_load_shed(reason: &'static str) {
    drop(SHED.with_label_values(&[reason]));
}

/// Notes how many requests are worked on at once from now on.
pub fn load_limit(requests: usize) {
    LIMIT.with_label_values::<&str>(&[]).set(i64::try_from(requests).unwrap_or(i64::MAX));
}
