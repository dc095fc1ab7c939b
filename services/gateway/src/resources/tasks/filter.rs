//! Which tasks a list holds, as the document says it.
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::shape::{Priority, Status};

/// Which tasks, and in which order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document's half of `list`")]
pub(crate) struct TaskQuery {
    /// Those of this project.
    project_id: Option<uuid::Uuid>,
    /// Those with one of these states.
    #[param(style = Form, explode = false)]
    status: Option<Vec<Status>>,
    /// Those with one of these priorities.
    #[param(style = Form, explode = false)]
    priority: Option<Vec<Priority>>,
    /// Those with all of these labels.
    #[param(style = Form, explode = false)]
    label: Option<Vec<String>>,
    /// Those that are due before this moment.
    #[param(format = DateTime)]
    due_before: Option<String>,
    /// Those that hold these words in their title or description.
    q: Option<String>,
    /// `-` in front turns it round; `-created_at` when absent. By `rank` only within a project.
    #[param(inline)]
    order_by: Option<Order>,
}

/// An order of tasks.
#[derive(Debug, Serialize, ToSchema)]
#[expect(dead_code, reason = "the document's half of `ORDERS`")]
pub(crate) enum Order {
    #[serde(rename = "created_at")]
    Created,
    #[serde(rename = "-created_at")]
    LatestCreated,
    #[serde(rename = "due")]
    Due,
    #[serde(rename = "-due")]
    LatestDue,
    #[serde(rename = "rank")]
    Rank,
    #[serde(rename = "-rank")]
    LastRank,
}
