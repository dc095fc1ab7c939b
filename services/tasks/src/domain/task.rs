//! A task, and what may be written to it.
use diesel::prelude::*;
use kit::{Timestamp, Violation};
use serde_json::{Value, json};

use super::{
    CompletionId, ObjectId, ProjectId, ScopeId, TaskId, UserId,
    due::Due,
    label::Labels,
    names::{Priority, Status},
    text,
};
use crate::schema::tasks;

/// How deep subtasks can be nested, the top level counted.
pub(crate) const MAX_DEPTH: usize = 5;
const LONGEST_TITLE: usize = 500;
const LONGEST_DESCRIPTION: usize = 16 * 1024;

/// A task as the database keeps it.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tasks, treat_none_as_default_value = false, treat_none_as_null = true, primary_key(scope_id, id))]
pub(crate) struct Task {
    pub(crate) scope_id: ScopeId,
    pub(crate) id: TaskId,
    pub(crate) project_id: ProjectId,
    pub(crate) parent_id: Option<TaskId>,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) status: Status,
    pub(crate) priority: Priority,
    pub(crate) due_local: Option<String>,
    pub(crate) due_zone: Option<String>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) labels: Labels,
    pub(crate) rank: String,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: UserId,
    pub(crate) updated_at: Timestamp,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) completion_id: Option<CompletionId>,
    pub(crate) trashed_at: Option<Timestamp>,
    pub(crate) trash_id: Option<ObjectId>,
}

/// What a client wrote of a task. In a patch `None` keeps what is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct TaskFields {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) priority: Option<Priority>,
    /// `Some(None)` clears it.
    pub(crate) due: Option<Option<Due>>,
    pub(crate) labels: Option<Labels>,
}

/// Checks a title.
pub(crate) fn title(raw: &str, faults: &mut Vec<Violation>) -> String {
    text("title", raw, LONGEST_TITLE, faults)
}

/// Checks a description: Markdown, kept as it is.
pub(crate) fn description(raw: String, faults: &mut Vec<Violation>) -> String {
    if raw.len() > LONGEST_DESCRIPTION {
        faults.push(Violation::new(
            "description",
            "TOO_LONG",
            format!("at most {LONGEST_DESCRIPTION} bytes"),
        ));
    } else if raw.contains('\0') {
        faults.push(Violation::new("description", "CHARACTER", "no NUL character"));
    }
    raw
}

impl Task {
    /// The due, as it was said.
    pub(crate) fn due(&self) -> Option<Due> {
        let (local, at) = (self.due_local.clone()?, self.due_at?);
        Some(Due { local, zone: self.due_zone.clone(), at })
    }

    /// Takes over what was written. Completing and reopening by status works like the acts of that name, on this task alone.
    pub(crate) fn write(&mut self, fields: TaskFields, now: Timestamp, completion: CompletionId) {
        let TaskFields { title, description, status, priority, due, labels } = fields;
        self.title = title.unwrap_or_else(|| std::mem::take(&mut self.title));
        self.description = description.unwrap_or_else(|| std::mem::take(&mut self.description));
        self.priority = priority.unwrap_or(self.priority);
        self.labels = labels.unwrap_or_else(|| std::mem::take(&mut self.labels));
        if let Some(due) = due {
            (self.due_local, self.due_zone, self.due_at) = match due {
                Some(Due { local, zone, at }) => (Some(local), zone, Some(at)),
                None => (None, None, None),
            };
        }
        match status {
            Some(Status::Completed) if self.status != Status::Completed => {
                self.complete(now, completion)
            }
            Some(status) if status != self.status => self.reopen(status),
            _ => {}
        }
    }

    /// Completes it, as part of the act `completion`.
    pub(crate) fn complete(&mut self, now: Timestamp, completion: CompletionId) {
        self.status = Status::Completed;
        self.completed_at = Some(now);
        self.completion_id = Some(completion);
    }

    /// Gives it another status than completed.
    pub(crate) fn reopen(&mut self, status: Status) {
        self.status = status;
        self.completed_at = None;
        self.completion_id = None;
    }

    /// Puts it into the trash, as part of what is there by the id `trash`.
    pub(crate) fn trash(&mut self, now: Timestamp, trash: ObjectId) {
        self.trashed_at = Some(now);
        self.trash_id = Some(trash);
    }

    /// Takes it out of the trash.
    pub(crate) fn restore(&mut self) {
        self.trashed_at = None;
        self.trash_id = None;
    }

    /// What the journal compares: each field that a client can see, by its name in the API.
    pub(crate) fn visible(&self) -> [(&'static str, Value); 11] {
        [
            ("project_id", json!(self.project_id.0)),
            ("parent_id", json!(self.parent_id.map(|id| id.0))),
            ("title", json!(self.title)),
            ("description", json!(self.description)),
            ("status", json!(self.status.name())),
            ("priority", json!(self.priority.name())),
            ("due", self.due().map_or(Value::Null, |due| due.json())),
            ("labels", json!(self.labels.0)),
            ("rank", json!(self.rank)),
            ("completed_at", json!(self.completed_at)),
            ("deleted_at", json!(self.trashed_at)),
        ]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A task with nothing special about it.
    pub(crate) fn example() -> Task {
        let (id, moment) = (uuid::Uuid::from_u128(7), Timestamp::from_seconds(1_800_000_000));
        Task {
            scope_id: ScopeId(id),
            id: TaskId(id),
            project_id: ProjectId(id),
            parent_id: None,
            title: "Ship it".to_owned(),
            description: String::new(),
            status: Status::NeedsAction,
            priority: Priority::None,
            due_local: None,
            due_zone: None,
            due_at: None,
            labels: Labels::default(),
            rank: "V".to_owned(),
            version: 1,
            created_at: moment,
            created_by: UserId(id),
            updated_at: moment,
            completed_at: None,
            completion_id: None,
            trashed_at: None,
            trash_id: None,
        }
    }

    #[test]
    fn what_is_not_written_stays() {
        let (before, now) = (example(), Timestamp::from_seconds(1_900_000_000));
        let mut after = before.clone();
        after.write(TaskFields::default(), now, CompletionId(uuid::Uuid::nil()));
        assert_eq!(after, before);
        after.write(
            TaskFields { priority: Some(Priority::High), ..TaskFields::default() },
            now,
            CompletionId(uuid::Uuid::nil()),
        );
        assert_eq!(after, Task { priority: Priority::High, ..before });
    }

    #[test]
    fn completing_again_keeps_the_first_time() {
        let mut task = example();
        let (first, second) = (Timestamp::from_seconds(1), Timestamp::from_seconds(2));
        let completed = || TaskFields { status: Some(Status::Completed), ..TaskFields::default() };
        task.write(completed(), first, CompletionId(uuid::Uuid::nil()));
        task.write(completed(), second, CompletionId(uuid::Uuid::max()));
        assert_eq!(
            (task.completed_at, task.completion_id),
            (Some(first), Some(CompletionId(uuid::Uuid::nil())))
        );
        task.write(
            TaskFields { status: Some(Status::InProcess), ..TaskFields::default() },
            second,
            CompletionId(uuid::Uuid::nil()),
        );
        assert_eq!(
            (task.completed_at, task.completion_id, task.status),
            (None, None, Status::InProcess)
        );
    }

    #[test]
    fn a_title_is_trimmed_and_bounded() {
        let mut faults = vec![];
        assert_eq!(title("  Ship it ", &mut faults), "Ship it");
        assert_eq!(faults, []);
        for (raw, reason) in [
            ("", "REQUIRED"),
            (" \t", "REQUIRED"),
            ("a\0b", "CHARACTER"),
            (&"é".repeat(501), "TOO_LONG"),
        ] {
            let mut faults = vec![];
            title(raw, &mut faults);
            assert_eq!(faults[0].reason, reason, "{raw:?}");
        }
        title(&"é".repeat(500), &mut faults);
        assert_eq!(faults, []);
    }
}
