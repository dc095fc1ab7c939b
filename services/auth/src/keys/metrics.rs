use std::sync::LazyLock;

use kit_base::metrics::Metric;
use prometheus::IntGaugeVec;

pub(crate) const KEY_CREATED: Metric = Metric::gauge(
    "errand_auth_signing_key_created_timestamp_seconds",
    &["state"],
    "When the signing key in this state was made, in seconds since 1970; 0 when there is none.",
);

static CREATED: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    let gauge = KEY_CREATED.register_gauge();
    ["next", "current", "previous"]
        .iter()
        .for_each(|state| drop(gauge.with_label_values(&[state])));
    gauge
});

/// Begins every series at 0.
pub(crate) fn start() {
    LazyLock::force(&CREATED);
}

/// The key that is `next`, `current` or `previous` was made at this second since 1970.
pub(crate) fn key_created(state: &str, seconds: i64) {
    CREATED.with_label_values(&[state]).set(seconds);
}
