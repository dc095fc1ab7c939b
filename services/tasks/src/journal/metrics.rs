//! What is counted of writes.
use std::sync::LazyLock;

use prometheus::{
    Histogram, IntCounterVec, exponential_buckets, register_histogram, register_int_counter_vec,
};

/// A resource, and its operations by the names that metrics use.
pub(crate) type Operations = (&'static str, &'static [&'static str]);

static WRITES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let made = register_int_counter_vec!(
        "errand_tasks_writes_total",
        "Writes carried out.",
        &["object", "operation"]
    );
    made.expect("registered once")
});

static TOGETHER: LazyLock<Histogram> = LazyLock::new(|| {
    let buckets = exponential_buckets(1.0, 2.0, 7).expect("a start, a factor and a count");
    register_histogram!("errand_tasks_unit_writes", "Writes that shared a unit of work.", buckets)
        .expect("registered once")
});

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
