//! What a task may be, and what may become of it.
pub(crate) mod due;
pub(crate) mod labels;
pub(crate) mod place;

use std::collections::HashSet;

use kit_base::{Timestamp, Violation};

use self::due::Due;
use super::row::{
    Task,
    labels::Labels,
    names::{Priority, Status},
    node::Node,
};
use crate::{
    ids::{CompletionId, ObjectId, ProjectId, ScopeId, TaskId, UserId},
    journal::change::Operation,
    limits::{DESCRIPTION, ESTIMATE_MINUTES, LEAST_ESTIMATE_MINUTES, TITLE},
    text,
};

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
    /// `Some(None)` clears it.
    pub(crate) estimate_minutes: Option<Option<i32>>,
}

/// Checks a title.
pub(crate) fn title(raw: &str, faults: &mut Vec<Violation>) -> String {
    text::line("title", raw, TITLE, faults)
}

/// Checks a description: Markdown, kept as it is.
pub(crate) fn description(raw: String, faults: &mut Vec<Violation>) -> String {
    if raw.chars().count() > DESCRIPTION {
        faults.push(Violation::new(
            "description",
            "TOO_LONG",
            format!("at most {DESCRIPTION} characters"),
        ));
    }
    if raw.contains('\0') {
        faults.push(Violation::new("description", "INVALID_CHARACTER", "no NUL character"));
    }
    raw
}

/// Checks how long a task is thought to take.
pub(crate) fn estimate(minutes: i32, faults: &mut Vec<Violation>) -> i32 {
    if !(LEAST_ESTIMATE_MINUTES..=ESTIMATE_MINUTES).contains(&minutes) {
        let message = format!("a number from {LEAST_ESTIMATE_MINUTES} to {ESTIMATE_MINUTES}");
        faults.push(Violation::new("estimate_minutes", "OUT_OF_RANGE", message));
    }
    minutes
}

impl Task {
    /// A task that has only just been made: what is not written yet is as it is for every new task.
    pub(crate) fn new(scope_id: ScopeId, id: TaskId, created_by: UserId, now: Timestamp) -> Self {
        Self {
            scope_id,
            id,
            project_id: ProjectId(uuid::Uuid::nil()),
            parent_id: None,
            title: String::new(),
            description: String::new(),
            status: Status::NeedsAction,
            priority: Priority::None,
            due_local: None,
            due_zone: None,
            due_at: None,
            labels: Labels::default(),
            rank: String::new(),
            version: 1,
            created_at: now,
            created_by,
            updated_at: now,
            completed_at: None,
            completion_id: None,
            trashed_at: None,
            trash_id: None,
            estimate_minutes: None,
        }
    }

    /// Takes over what was written, but for the status, which concerns other tasks too.
    pub(crate) fn write(&mut self, fields: TaskFields) {
        let TaskFields { title, description, status: _, priority, due, labels, estimate_minutes } =
            fields;
        self.title = title.unwrap_or_else(|| std::mem::take(&mut self.title));
        self.description = description.unwrap_or_else(|| std::mem::take(&mut self.description));
        self.priority = priority.unwrap_or(self.priority);
        self.labels = labels.unwrap_or_else(|| std::mem::take(&mut self.labels));
        self.estimate_minutes = estimate_minutes.unwrap_or(self.estimate_minutes);
        if let Some(due) = due {
            (self.due_local, self.due_zone, self.due_at) = match due {
                Some(Due { local, zone, at }) => (Some(local), zone, Some(at)),
                None => (None, None, None),
            };
        }
    }

    /// Gives it a status. What closes it, and what is closed with it, is one act: opening it again undoes that act.
    pub(crate) fn become_status(&mut self, status: Status, now: Timestamp, act: CompletionId) {
        if status == self.status {
            return;
        }
        let was_open = self.status.is_open();
        self.status = status;
        self.completed_at = (status == Status::Completed).then_some(now);
        if status.is_open() {
            self.completion_id = None;
        } else if was_open {
            self.completion_id = Some(act);
        }
    }

    /// What the journal calls its change from one status to another.
    pub(crate) fn operation(before: Status, after: Status) -> Operation {
        match (before, after) {
            (before, after) if before == after => Operation::Update,
            (_, Status::Completed) => Operation::Complete,
            (before, after) if !before.is_open() && after.is_open() => Operation::Reopen,
            _ => Operation::Update,
        }
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
}

impl Node {
    /// How many levels a task and those below it take: 1 when none are.
    pub(crate) fn height(id: TaskId, below: &[Self]) -> usize {
        let (mut height, mut level) = (0, HashSet::from([id]));
        while !level.is_empty() {
            height += 1;
            let above = |node: &&Self| node.parent_id.is_some_and(|parent| level.contains(&parent));
            level = below.iter().filter(above).map(|node| node.id).collect();
        }
        height
    }
}

#[cfg(test)]
mod tests;
