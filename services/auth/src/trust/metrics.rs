use std::sync::LazyLock;

use kit_base::metrics::Metric;
use prometheus::IntGauge;

pub(crate) const TRUST_STREAMS: Metric = Metric::gauge(
    "errand_auth_trust_streams",
    &[],
    "Peers that follow keys and revocations from this replica.",
);

static STREAMS: LazyLock<IntGauge> =
    LazyLock::new(|| TRUST_STREAMS.register_gauge().with_label_values(&[] as &[&str]));

/// Begins every series at 0.
pub(crate) fn start() {
    LazyLock::force(&STREAMS);
}

/// A peer that follows, for as long as this value lives.
pub(crate) struct Follower;

impl Follower {
    /// One more.
    pub(crate) fn new() -> Self {
        STREAMS.inc();
        Self
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        STREAMS.dec();
    }
}
