//! What is counted of tasks.
use std::sync::LazyLock;

use prometheus::{
    Histogram, IntCounter, IntCounterVec, exponential_buckets, register_histogram,
    register_int_counter_vec,
};

use crate::command::Command;

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

/// Names all of them, so that a rate has a beginning.
pub(crate) fn register() {
    const ALL: [(&str, &[&str]); 3] = [
        ("task", &["create", "update", "delete", "complete", "reopen", "move"]),
        ("project", &["create", "update", "delete"]),
        ("trash", &["restore", "purge"]),
    ];
    for (object, operations) in ALL {
        operations
            .iter()
            .for_each(|operation| drop(WRITES.with_label_values(&[object, operation])));
    }
    LazyLock::force(&TOGETHER);
}

/// The counter of a write.
pub(crate) fn of_command(command: &Command) -> IntCounter {
    let labels = match command {
        Command::CreateTask { .. } => ["task", "create"],
        Command::UpdateTask { .. } => ["task", "update"],
        Command::DeleteTask { .. } => ["task", "delete"],
        Command::CompleteTask { .. } => ["task", "complete"],
        Command::ReopenTask { .. } => ["task", "reopen"],
        Command::MoveTask { .. } => ["task", "move"],
        Command::CreateProject { .. } => ["project", "create"],
        Command::UpdateProject { .. } => ["project", "update"],
        Command::DeleteProject { .. } => ["project", "delete"],
        Command::Restore { .. } => ["trash", "restore"],
        Command::Purge { .. } => ["trash", "purge"],
    };
    WRITES.with_label_values(&labels)
}

/// Counts a unit of work by how many writes shared it.
pub(crate) fn unit(writes: usize) {
    TOGETHER.observe(writes as f64);
}
