//! A task without its texts: what is known of thousands at once.
use diesel::prelude::*;

use super::{names::Status, tasks};
use crate::ids::{CompletionId, TaskId};

/// Where a task lies, and whether it is done.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = tasks)]
pub(crate) struct Node {
    pub(crate) id: TaskId,
    pub(crate) parent_id: Option<TaskId>,
    pub(crate) rank: String,
    pub(crate) status: Status,
    pub(crate) completion_id: Option<CompletionId>,
}
