//! What is counted of writes.
use std::sync::LazyLock;

use kit_base::metrics::Metric;
use prometheus::{Histogram, IntCounterVec};

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

/// What the tasks service counts, for documentation, rules and dashboards.
pub const CATALOGUE: &[Metric] = &[WRITES_CARRIED_OUT, UNIT_WRITES];

static WRITES: LazyLock<IntCounterVec> = LazyLock::new(|| WRITES_CARRIED_OUT.register_counter());
static TOGETHER: LazyLock<Histogram> =
    LazyLock::new(|| UNIT_WRITES.register_histogram().with_label_values(&[] as &[&str]));

/// Names those of a resource, so that a rate has a beginning.
pub(crate) fn register((object, operations): Operations) {
    for operation in operations {
        drop(WRITES.with_label_values(&[object, *operation]));
    }
    LazyLock::force(&TOGETHER);
}

/// Counts a write that was carried out.
pub(crate) fn count_write(label: [&'static str; 2]) {
    WRITES.with_label_values(&label).inc();
}

/// Counts a unit of work by how many writes shared it.
pub(crate) fn count_unit(writes: usize) {
    TOGETHER.observe(writes as f64);
}
