//! What the tasks service counts, each beside what it counts.
use kit_base::metrics::Declared;

use crate::{journal, tasks};

/// All of them, for documentation, rules and dashboards.
pub static CATALOGUE: &[&dyn Declared] = &[
    &journal::metrics::WRITES_CARRIED_OUT,
    &journal::metrics::UNIT_WRITES,
    &journal::metrics::QUOTA_REFUSALS,
    &tasks::metrics::CREATED,
    &tasks::metrics::COMPLETED,
    &tasks::metrics::DELETED,
    &tasks::metrics::TRANSITIONS,
    &tasks::metrics::CYCLE_TIME,
    &tasks::metrics::OPEN,
    &tasks::metrics::OVERDUE,
];
