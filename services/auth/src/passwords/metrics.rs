use std::{sync::LazyLock, time::Duration};

use kit_base::metrics::Metric;
use prometheus::{Histogram, IntCounterVec};

use crate::metrics::series::counter;

pub(crate) const HASH_DURATION: Metric = Metric::histogram(
    "errand_auth_password_hash_duration_seconds",
    &[],
    "Time to hash a password, without the wait for its turn.",
    kit_base::metrics::DURATION_BUCKETS,
);
pub(crate) const HASHES_SKIPPED: Metric = Metric::counter(
    "errand_auth_password_hashes_skipped_total",
    &["reason"],
    "Passwords that were not hashed: the queue was full, their turn came too late, or the client had left.",
);

static HASHES: LazyLock<Histogram> =
    LazyLock::new(|| HASH_DURATION.register_histogram().with_label_values(&[] as &[&str]));
static SKIPPED: LazyLock<IntCounterVec> =
    LazyLock::new(|| counter(HASHES_SKIPPED, &[&["full"], &["late"], &["gone"]]));

/// Begins every series at 0.
pub(crate) fn start() {
    LazyLock::force(&HASHES);
    LazyLock::force(&SKIPPED);
}

/// A password was hashed.
pub(crate) fn hashed(time: Duration) {
    HASHES.observe(time.as_secs_f64());
}

/// A password was not hashed: `full`, `late` or `gone`.
pub(crate) fn hash_skipped(reason: &str) {
    SKIPPED.with_label_values(&[reason]).inc();
}
