//! What is counted of writes.
use std::sync::LazyLock;

use kit_base::metrics::Metric;
use prometheus::{Histogram, IntCounterVec};

use crate::access::error::QUOTAS;

/// A resource, and its operations by the names that metrics use.
pub(crate) type Operations = (&'static str, &'static [&'static str]);

const WRITES_CARRIED_OUT: Metric =
    Metric::counter("errand_tasks_writes_total", &["object", "operation"], "Writes carried out.");
const UNIT_WRITES: Metric = Metric::histogram(
    "errand_tasks_unit_writes",
    &[],
    "Writes that shared a unit of work.",
    &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0],
);

const QUOTA_REFUSALS: Metric = Metric::counter(
    "errand_tasks_quota_refusals_total",
    &["quota"],
    "Writes that were refused because a quota is used up.",
);

/// What the tasks service counts, for documentation, rules and dashboards.
pub const CATALOGUE: &[Metric] = &[WRITES_CARRIED_OUT, UNIT_WRITES, QUOTA_REFUSALS];

static WRITES: LazyLock<IntCounterVec> = LazyLock::new(|| WRITES_CARRIED_OUT.register_counter());
static REFUSALS: LazyLock<IntCounterVec> = LazyLock::new(|| QUOTA_REFUSALS.register_counter());
static TOGETHER: LazyLock<Histogram> =
    LazyLock::new(|| UNIT_WRITES.register_histogram().with_label_values(&[] as &[&str]));

/// Names those of a resource, so that a rate has a beginning.
pub(crate) fn register((object, operations): Operations) {
    for operation in operations {
        drop(WRITES.with_label_values(&[object, *operation]));
    }
    LazyLock::force(&TOGETHER);
    for quota in QUOTAS {
        drop(REFUSALS.with_label_values(&[quota]));
    }
}

/// Counts a write for which there was no room; the quota is one of [`QUOTAS`].
pub(crate) fn count_refusal(quota: &'static str) {
    REFUSALS.with_label_values(&[quota]).inc();
}

/// Counts a write that was carried out.
pub(crate) fn count_write(label: [&'static str; 2]) {
    WRITES.with_label_values(&label).inc();
}

/// Counts a unit of work by how many writes shared it.
pub(crate) fn count_unit(writes: usize) {
    TOGETHER.observe(writes as f64);
}
