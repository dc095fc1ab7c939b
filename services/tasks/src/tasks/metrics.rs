//! What people do with tasks, counted when it is durable. Nothing of it names a person or a task.
use std::time::Duration;

use kit_base::metrics::{Counter, Gauge, Histogram, Layer};

use super::row::names::{Priority, Status};
use crate::journal::rows::Tally;

pub(crate) static CREATED: Counter = Counter::new(
    Layer::Business,
    "errand_tasks_created_total",
    &["priority"],
    "Tasks that were created, by how pressing they were then.",
)
.from_start(&[&["none"], &["low"], &["medium"], &["high"], &["urgent"]]);
pub(crate) static COMPLETED: Counter = Counter::new(
    Layer::Business,
    "errand_tasks_completed_total",
    &[],
    "Tasks that were completed, each time.",
);
pub(crate) static DELETED: Counter = Counter::new(
    Layer::Business,
    "errand_tasks_deleted_total",
    &[],
    "Tasks that were moved to the trash, with those below them.",
);
pub(crate) static TRANSITIONS: Counter = Counter::new(
    Layer::Business,
    "errand_task_transitions_total",
    &["from", "to"],
    "Changes of how far a task is.",
)
.from_start(&[
    &["needs_action", "in_process"],
    &["needs_action", "completed"],
    &["needs_action", "cancelled"],
    &["in_process", "needs_action"],
    &["in_process", "completed"],
    &["in_process", "cancelled"],
    &["completed", "needs_action"],
    &["completed", "in_process"],
    &["completed", "cancelled"],
    &["cancelled", "needs_action"],
    &["cancelled", "in_process"],
    &["cancelled", "completed"],
]);
pub(crate) static CYCLE_TIME: Histogram = Histogram::with_buckets(
    Layer::Business,
    "errand_task_cycle_time_seconds",
    &[],
    "Time from the creation of a task to its completion.",
    &[60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0, 259_200.0, 604_800.0, 2_592_000.0],
);

pub(crate) static OPEN: Gauge = Gauge::new(
    Layer::Business,
    "errand_tasks",
    &["status"],
    "Open tasks by how far they are, on the replica that counts them; 0 on all others.",
)
.from_start(&[&["needs_action"], &["in_process"]]);
pub(crate) static OVERDUE: Gauge = Gauge::new(
    Layer::Business,
    "errand_tasks_overdue",
    &[],
    "Open tasks whose time is over, on the replica that counts them; 0 on all others.",
)
.from_start(&[&[]]);

/// What is counted of a task, at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage {
    pub(crate) status: Status,
    pub(crate) priority: Priority,
    pub(crate) is_deleted: bool,
    /// From its creation to its completion, where it is completed.
    pub(crate) cycle: Option<Duration>,
}

/// What is to be counted of a change.
pub(crate) fn tally(before: Option<Stage>, after: Stage) -> Option<Tally> {
    let is_new = before.is_none();
    let is_thrown = after.is_deleted && before.as_ref().is_none_or(|before| !before.is_deleted);
    let from = before.map(|before| before.status);
    let Stage { status: to, priority, is_deleted: _, cycle } = after;
    if !is_thrown && from == Some(to) {
        return None;
    }
    Some(Box::new(move || {
        if is_new {
            CREATED.series(&[priority.name()]).inc();
        }
        if is_thrown {
            DELETED.series(&[]).inc();
        }
        if from == Some(to) {
            return;
        }
        from.inspect(|from| TRANSITIONS.series(&[from.name(), to.name()]).inc());
        if to == Status::Completed {
            COMPLETED.series(&[]).inc();
            cycle.inspect(|cycle| CYCLE_TIME.series(&[]).observe(cycle.as_secs_f64()));
        }
    }))
}

#[cfg(test)]
mod tests {
    use kit_base::metrics::Declared;

    use super::*;

    #[test]
    fn each_priority_and_each_change_of_a_status_has_a_series_from_the_start() {
        let begun = |counter: &Counter| {
            counter.metric().series.iter().map(|of| of.to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(
            begun(&CREATED),
            Priority::NAMES.iter().map(|name| vec![*name]).collect::<Vec<_>>()
        );
        let to_others = |from: &&'static str| {
            let from = *from;
            Status::NAMES.iter().filter(move |to| **to != from).map(move |to| vec![from, *to])
        };
        assert_eq!(
            begun(&TRANSITIONS),
            Status::NAMES.iter().flat_map(to_others).collect::<Vec<_>>()
        );
        let open =
            Status::NAMES.iter().filter(|name| Status::parse(name).is_some_and(Status::is_open));
        assert_eq!(
            OPEN.metric().series.iter().flat_map(|of| of.iter()).collect::<Vec<_>>(),
            open.collect::<Vec<_>>()
        );
    }
}
