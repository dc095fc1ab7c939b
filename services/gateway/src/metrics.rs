//! What the edge counts beside what every process does.
use kit_base::metrics::Declared;

use crate::edge::metrics::{ERROR_STREAKS, PROBLEMS, RATE_DECISIONS, SERVER_ERRORS};

/// All of them, for documentation, rules and dashboards.
pub static CATALOGUE: &[&dyn Declared] =
    &[&RATE_DECISIONS, &ERROR_STREAKS, &SERVER_ERRORS, &PROBLEMS];
