use std::time::Duration;

use kit_base::metrics::{Counter, Histogram, Layer};

pub(crate) static HASH_DURATION: Histogram = Histogram::with_buckets(
    Layer::Application,
    "errand_auth_password_hash_duration_seconds",
    &[],
    "Time to hash a password, without the wait for its turn.",
    kit_base::metrics::DURATION_BUCKETS,
);
pub(crate) static HASHES_SKIPPED: Counter = Counter::new(
    Layer::Application,
    "errand_auth_password_hashes_skipped_total",
    &["reason"],
    "Passwords that were not hashed: too many waited, their turn came too late, or the client had left.",
)
.from_start(&[&["full"], &["late"], &["gone"]]);

/// A password was hashed.
pub(crate) fn hashed(time: Duration) {
    HASH_DURATION.series(&[]).observe(time.as_secs_f64());
}

/// A password was not hashed: `full`, `late` or `gone`.
pub(crate) fn hash_skipped(reason: &str) {
    HASHES_SKIPPED.series(&[reason]).inc();
}
