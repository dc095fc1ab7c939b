//! A task as JSON.
use proto::tasks::v1::{self, limits};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::{Patch, Within, object, words},
    openapi::pattern,
    operations::{Bound, Operations},
    reply::{Moment, Resource, next},
};

words! {
    /// How far a task is (the names of RFC 5545).
    Status is v1::Status
}

words! {
    /// How much a task matters.
    Priority is v1::Priority
}

/// The bounds of what is written, which the document tells.
pub(crate) fn bounded(operations: Operations) -> Operations {
    let written = ["NewTask", "TaskPatch"];
    let operations = operations
        .length(&written, "title", 1, limits::TITLE)
        .length(&written, "description", 0, limits::DESCRIPTION)
        .pattern(&written, "title", &pattern::VISIBLE);
    let (most, longest) = (limits::LABELS, limits::LABEL);
    written.into_iter().fold(operations, |operations, shape| {
        operations
            .bound(Bound::Range { shape, field: "estimate_minutes", bounds: Minutes::BOUNDS })
            .bound(Bound::Items { shape, field: "labels", most, longest })
    })
}

/// How long a task is thought to take.
pub(crate) type Minutes = Within<{ limits::LEAST_ESTIMATE_MINUTES }, { limits::ESTIMATE_MINUTES }>;

object! {
    /// When a task is due: on a day (`date`), at a time wherever one is (`datetime`), or at a time somewhere (`datetime` and
    /// `time_zone`). It is written as a whole, in a patch too.
    #[derive(serde::Serialize)]
    pub(crate) struct Due {
        /// A day.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, format = Date, example = "2026-09-01")]
        date: Option<String>,
        /// A time of day in whole seconds; with a trailing `Z`, or an offset, it is kept in UTC.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, example = "2026-09-01T09:00:00")]
        datetime: Option<String>,
        /// Whose time of day it is: an IANA name, kept in the spelling of the database of zones; an older name of a place stays.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, format = "time-zone", example = "Europe/Berlin")]
        time_zone: Option<String>,
    }
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Task {
    #[schema(format = Uuid)]
    id: String,
    /// The project that it is in.
    #[schema(format = Uuid)]
    project_id: String,
    /// The task that it is a part of.
    #[schema(format = Uuid)]
    #[schema(required)]
    parent_id: Option<String>,
    title: String,
    /// Markdown.
    description: String,
    status: Status,
    priority: Priority,
    #[schema(required)]
    due: Option<Due>,
    labels: Vec<String>,
    /// Orders siblings, compared byte by byte.
    rank: String,
    /// Grows with each change; the ETag.
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    #[schema(required)]
    completed_at: Option<Moment>,
    /// How many minutes it is thought to take.
    #[schema(required)]
    estimate_minutes: Option<i32>,
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskPage {
    items: Vec<Task>,
    /// Where the next page begins; null when there is none.
    #[schema(required)]
    next_cursor: Option<String>,
}

object! {
    /// A new task.
    pub(crate) struct NewTask {
        /// A UUIDv7 of your own choice, so that you may create without being online.
        #[schema(format = Uuid)]
        id: Option<String>,
        /// Where it goes; your Inbox when absent.
        #[schema(format = Uuid)]
        project_id: Option<String>,
        /// The task that it is a part of.
        #[schema(format = Uuid)]
        parent_id: Option<String>,
        #[schema(example = "Buy milk")]
        title: String,
        /// Markdown.
        description: Option<String>,
        status: Option<Status>,
        priority: Option<Priority>,
        due: Option<Due>,
        /// In the order that they are given in; of those that differ in case alone the first is kept.
        #[schema(example = json!(["errands"]))]
        labels: Option<Vec<String>>,
        /// How many minutes it is thought to take.
        #[schema(value_type = Option<i32>, example = 90)]
        estimate_minutes: Option<Minutes>,
    }
}

object! {
    /// What to change about a task (RFC 7396). What is absent stays, what is null is cleared.
    pub(crate) struct TaskPatch {
        #[schema(value_type = String, required = false, example = "Buy oat milk")]
        title: Patch<String>,
        #[schema(value_type = Option<String>)]
        description: Patch<String>,
        #[schema(value_type = Option<Status>)]
        status: Patch<Status>,
        #[schema(value_type = Option<Priority>)]
        priority: Patch<Priority>,
        #[schema(value_type = Option<Due>)]
        due: Patch<Due>,
        #[schema(value_type = Option<Vec<String>>)]
        labels: Patch<Vec<String>>,
        #[schema(value_type = Option<i32>, example = 120)]
        estimate_minutes: Patch<Minutes>,
    }
}

object! {
    /// Where a task goes: at most one of `parent_id` and `project_id`, at most one of `before` and `after`.
    pub(crate) struct Move {
        /// Under this task.
        #[schema(format = Uuid)]
        parent_id: Option<String>,
        /// To the top level of this project.
        #[schema(format = Uuid)]
        project_id: Option<String>,
        /// In front of this sibling.
        #[schema(format = Uuid)]
        before: Option<String>,
        /// Behind this sibling.
        #[schema(format = Uuid)]
        after: Option<String>,
    }
}

impl From<NewTask> for v1::CreateTaskRequest {
    fn from(
        NewTask {
            id,
            project_id,
            parent_id,
            title,
            description,
            status,
            priority,
            due,
            labels,
            estimate_minutes,
        }: NewTask,
    ) -> Self {
        let fields = v1::TaskFields {
            title: Some(title),
            description,
            status: status.map(i32::from),
            priority: priority.map(i32::from),
            due: due.map(v1::Due::from),
            labels: labels.unwrap_or_default(),
            estimate_minutes: estimate_minutes.map(i32::from),
        };
        Self { id, project_id, parent_id, fields: Some(fields) }
    }
}

impl TaskPatch {
    /// The new values, and which fields they are for.
    pub(super) fn fields(self) -> (v1::TaskFields, prost_types::FieldMask) {
        let Self { title, description, status, priority, due, labels, estimate_minutes } = self;
        let mut paths = vec![];
        let fields = v1::TaskFields {
            title: title.mask("title", &mut paths),
            description: description.mask("description", &mut paths),
            status: status.mask("status", &mut paths).map(i32::from),
            priority: priority.mask("priority", &mut paths).map(i32::from),
            due: due.mask("due", &mut paths).map(v1::Due::from),
            labels: labels.mask("labels", &mut paths).unwrap_or_default(),
            estimate_minutes: estimate_minutes.mask("estimate_minutes", &mut paths).map(i32::from),
        };
        (fields, prost_types::FieldMask { paths })
    }
}

impl From<Due> for v1::Due {
    fn from(Due { date, datetime, time_zone }: Due) -> Self {
        Self { date, datetime, time_zone }
    }
}

impl From<v1::Due> for Due {
    fn from(v1::Due { date, datetime, time_zone }: v1::Due) -> Self {
        Self { date, datetime, time_zone }
    }
}

impl From<v1::Task> for Task {
    fn from(task: v1::Task) -> Self {
        let v1::Task {
            id,
            project_id,
            parent_id,
            title,
            description,
            status,
            priority,
            due,
            labels,
            rank,
            version,
            created_at,
            updated_at,
            completed_at,
            estimate_minutes,
        } = task;
        Self {
            id,
            project_id,
            parent_id,
            title,
            description,
            status: Status::from_contract(status),
            priority: Priority::from_contract(priority),
            due: due.map(Due::from),
            labels,
            rank,
            version,
            created_at: Moment::from_contract(created_at),
            updated_at: Moment::from_contract(updated_at),
            completed_at: Moment::maybe(completed_at),
            estimate_minutes,
        }
    }
}

impl From<v1::ListTasksResponse> for TaskPage {
    fn from(v1::ListTasksResponse { tasks, next_cursor }: v1::ListTasksResponse) -> Self {
        Self { items: tasks.into_iter().map(Task::from).collect(), next_cursor: next(next_cursor) }
    }
}

impl Resource for Task {
    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/tasks/{}", self.id)
    }
}
