//! What a task may be, and what may become of it.
pub(crate) mod due;
pub(crate) mod labels;

use std::collections::HashSet;

use kit_base::{Timestamp, Violation};

use self::due::Due;
use super::row::{
    Task,
    labels::Labels,
    names::{Priority, Status},
};
use crate::{
    ids::{CompletionId, ObjectId, ProjectId, ScopeId, TaskId, UserId},
    journal::change::Operation,
    limits::{DESCRIPTION, ESTIMATE_MINUTES, TITLE},
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
        faults.push(Violation::new("description", "CHARACTER", "no NUL character"));
    }
    raw
}

/// Checks how long a task is thought to take.
pub(crate) fn estimate(minutes: i32, faults: &mut Vec<Violation>) -> i32 {
    if !(1..=ESTIMATE_MINUTES).contains(&minutes) {
        let message = format!("a number from 1 to {ESTIMATE_MINUTES}");
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

    /// How many levels a task and those below it take: 1 when none are.
    pub(crate) fn height(id: TaskId, below: &[Self]) -> usize {
        let (mut height, mut level) = (0, HashSet::from([id]));
        while !level.is_empty() {
            height += 1;
            let above = |task: &&Self| task.parent_id.is_some_and(|parent| level.contains(&parent));
            level = below.iter().filter(above).map(|task| task.id).collect();
        }
        height
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::row::tests::example;

    const FIRST: Timestamp = Timestamp::from_seconds(1);
    const SECOND: Timestamp = Timestamp::from_seconds(2);
    const ACT: CompletionId = CompletionId(uuid::Uuid::from_u128(1));
    const OTHER_ACT: CompletionId = CompletionId(uuid::Uuid::from_u128(2));

    #[test]
    fn what_is_not_written_stays() {
        let before = example();
        let mut after = before.clone();
        after.write(TaskFields::default());
        assert_eq!(after, before);
        after.write(TaskFields { priority: Some(Priority::High), ..TaskFields::default() });
        assert_eq!(after, Task { priority: Priority::High, ..before });
    }

    #[test]
    fn completing_again_keeps_the_first_time() {
        let mut task = example();
        task.become_status(Status::Completed, FIRST, ACT);
        task.become_status(Status::Completed, SECOND, OTHER_ACT);
        assert_eq!((task.completed_at, task.completion_id), (Some(FIRST), Some(ACT)));
        task.become_status(Status::InProcess, SECOND, OTHER_ACT);
        assert_eq!(
            (task.completed_at, task.completion_id, task.status),
            (None, None, Status::InProcess)
        );
    }

    #[test]
    fn a_task_that_is_cancelled_after_all_stays_part_of_the_act_that_closed_it() {
        let mut task = example();
        task.become_status(Status::Completed, FIRST, ACT);
        task.become_status(Status::Cancelled, SECOND, OTHER_ACT);
        assert_eq!((task.completed_at, task.completion_id), (None, Some(ACT)));
    }

    #[test]
    fn a_subtree_is_as_high_as_its_longest_branch() {
        let id = |number| TaskId(uuid::Uuid::from_u128(number));
        let below: Vec<Task> = [(2, 1), (3, 1), (4, 3), (5, 4), (9, 8)]
            .map(|(own, parent)| Task { id: id(own), parent_id: Some(id(parent)), ..example() })
            .into();
        assert_eq!([1, 2, 3, 4, 7].map(|root| Task::height(id(root), &below)), [4, 1, 3, 2, 1]);
    }

    #[test]
    fn a_change_of_status_has_a_name() {
        use Status::{Cancelled, Completed, InProcess, NeedsAction};
        for (before, after, operation) in [
            (NeedsAction, NeedsAction, Operation::Update),
            (Completed, Completed, Operation::Update),
            (NeedsAction, InProcess, Operation::Update),
            (NeedsAction, Completed, Operation::Complete),
            (Cancelled, Completed, Operation::Complete),
            (InProcess, Cancelled, Operation::Update),
            (Completed, Cancelled, Operation::Update),
            (Completed, NeedsAction, Operation::Reopen),
            (Cancelled, InProcess, Operation::Reopen),
        ] {
            assert_eq!(Task::operation(before, after), operation, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn an_estimate_is_a_minute_at_least_and_bounded() {
        for (minutes, accepted) in [
            (i32::MIN, false),
            (-1, false),
            (0, false),
            (1, true),
            (525_600, true),
            (525_601, false),
        ] {
            let mut faults = vec![];
            assert_eq!(estimate(minutes, &mut faults), minutes);
            assert_eq!(faults.is_empty(), accepted, "{minutes}: {faults:?}");
        }
    }

    #[test]
    fn an_estimate_stays_until_it_is_written_or_cleared() {
        let mut task = example();
        for (written, expected) in
            [(Some(Some(90)), Some(90)), (None, Some(90)), (Some(None), None), (None, None)]
        {
            task.write(TaskFields { estimate_minutes: written, ..TaskFields::default() });
            assert_eq!(task.estimate_minutes, expected, "{written:?}");
        }
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
            (&format!("{} ", "é".repeat(500)), "TOO_LONG"),
        ] {
            let mut faults = vec![];
            title(raw, &mut faults);
            assert_eq!(faults[0].reason, reason, "{raw:?}");
        }
        title(&"é".repeat(500), &mut faults);
        assert_eq!(faults, []);
    }

    #[test]
    fn a_description_is_kept_as_it_is_and_bounded_in_characters() {
        for (raw, reason) in [
            (String::new(), None),
            (" *kept*\n ".to_owned(), None),
            ("x".repeat(DESCRIPTION), None),
            ("é".repeat(DESCRIPTION), None),
            ("x".repeat(DESCRIPTION + 1), Some("TOO_LONG")),
            ("é".repeat(DESCRIPTION + 1), Some("TOO_LONG")),
            ("a\0b".to_owned(), Some("CHARACTER")),
        ] {
            let mut faults = vec![];
            assert_eq!(description(raw.clone(), &mut faults), raw);
            let told: Vec<_> = faults.iter().map(|fault| fault.reason.as_str()).collect();
            assert_eq!(told, Vec::from_iter(reason), "{} bytes", raw.len());
        }
    }

    #[test]
    fn a_task_comes_out_of_the_trash_as_it_went_in() {
        let mut task = Task { completed_at: Some(FIRST), ..example() };
        let before = task.clone();
        task.trash(SECOND, ObjectId(uuid::Uuid::from_u128(9)));
        assert_eq!(task.trashed_at, Some(SECOND));
        assert_eq!(task.trash_id, Some(ObjectId(uuid::Uuid::from_u128(9))));
        task.restore();
        assert_eq!(task, before);
    }
}
