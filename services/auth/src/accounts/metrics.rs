use std::sync::LazyLock;

use kit_base::metrics::Metric;
use prometheus::IntCounterVec;

use crate::metrics::series::counter;

pub(crate) const REGISTRATIONS: Metric = Metric::counter(
    "errand_auth_registrations_total",
    &["result"],
    "Attempts to open an account, by what came of them.",
);

static COUNTED: LazyLock<IntCounterVec> =
    LazyLock::new(|| counter(REGISTRATIONS, &[&["created"], &["taken"], &["refused"]]));

/// Begins every series at 0.
pub(crate) fn start() {
    LazyLock::force(&COUNTED);
}

/// A registration was `created`, `taken` or `refused`.
pub(crate) fn registration(result: &str) {
    COUNTED.with_label_values(&[result]).inc();
}
