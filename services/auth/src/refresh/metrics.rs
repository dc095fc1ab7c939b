use std::sync::LazyLock;

use kit_base::metrics::Metric;
use prometheus::IntCounterVec;

use crate::metrics::series::counter;

pub(crate) const REFRESHES: Metric = Metric::counter(
    "errand_auth_token_refreshes_total",
    &["result"],
    "Refresh tokens that were presented, by what came of them.",
);
pub(crate) const REUSE_DETECTED: Metric = Metric::counter(
    "errand_auth_refresh_reuse_detected_total",
    &[],
    "Sessions that were ended because a used refresh token came back: it may have been stolen.",
);

static PRESENTED: LazyLock<IntCounterVec> =
    LazyLock::new(|| counter(REFRESHES, &[&["rotated"], &["repeated"], &["refused"], &["reused"]]));
static REUSE: LazyLock<IntCounterVec> = LazyLock::new(|| counter(REUSE_DETECTED, &[&[]]));

/// Begins every series at 0.
pub(crate) fn start() {
    LazyLock::force(&PRESENTED);
    LazyLock::force(&REUSE);
}

/// A refresh token was `rotated`, `repeated`, `refused` or `reused`.
pub(crate) fn refreshed(result: &str) {
    PRESENTED.with_label_values(&[result]).inc();
    if result == "reused" {
        REUSE.with_label_values(&[] as &[&str]).inc();
    }
}
