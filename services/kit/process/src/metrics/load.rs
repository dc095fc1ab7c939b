use std::sync::LazyLock;

use prometheus::IntCounterVec;

use super::catalogue;

static SHED: LazyLock<IntCounterVec> = LazyLock::new(|| catalogue::LOAD_SHED.register_counter());

/// Counts a connection or request that was refused to protect the others.
pub fn load_shed(reason: &'static str) {
    SHED.with_label_values(&[reason]).inc();
}
