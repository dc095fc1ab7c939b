//! What is counted of writes.
use kit_base::metrics::{Counter, Histogram, Layer};

use crate::access::error::QUOTAS;

/// A resource, and its operations by the names that metrics use.
pub(crate) type Operations = (&'static str, &'static [&'static str]);

pub(crate) static WRITES_CARRIED_OUT: Counter = Counter::new(
    Layer::Business,
    "errand_tasks_writes_total",
    &["object", "operation"],
    "Writes carried out.",
);
pub(crate) static UNIT_WRITES: Histogram = Histogram::with_buckets(
    Layer::Application,
    "errand_tasks_unit_writes",
    &[],
    "Writes that shared a unit of work.",
    &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0],
);

pub(crate) static QUOTA_REFUSALS: Counter = Counter::new(
    Layer::Business,
    "errand_tasks_quota_refusals_total",
    &["quota"],
    "Writes that were refused because a quota is used up.",
);

/// Names those of a resource, so that a rate has a beginning.
pub(crate) fn register((object, operations): Operations) {
    for operation in operations {
        drop(WRITES_CARRIED_OUT.series(&[object, *operation]));
    }
    for quota in QUOTAS {
        drop(QUOTA_REFUSALS.series(&[quota]));
    }
}

/// Counts a write for which there was no room; the quota is one of [`QUOTAS`].
pub(crate) fn count_refusal(quota: &'static str) {
    QUOTA_REFUSALS.series(&[quota]).inc();
}

/// Counts a write that was carried out.
pub(crate) fn count_write(label: [&'static str; 2]) {
    WRITES_CARRIED_OUT.series(&label).inc();
}

/// Counts a unit of work by how many writes shared it.
pub(crate) fn count_unit(writes: usize) {
    UNIT_WRITES.series(&[]).observe(writes as f64);
}
