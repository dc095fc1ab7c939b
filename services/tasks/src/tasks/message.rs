//! Tasks as messages say them.
use kit_base::Violation;
use prost_types::FieldMask;
use proto::tasks::v1;

use super::{
    error,
    row::{
        Task,
        labels::Labels,
        names::{Priority, Status},
    },
    rules::{
        self, TaskFields,
        due::{Due, DueFields},
        labels,
        place::Named,
    },
    write::{Beside, Place, Target, Write},
};
use crate::{
    Error,
    ids::TaskId,
    message::{chosen_id, field_id, path_id},
};

/// What a new task is to be.
pub(super) fn create(message: v1::CreateTaskRequest) -> Result<Write, Error> {
    let v1::CreateTaskRequest { id, project_id, parent_id, fields } = message;
    let mut faults = vec![];
    let id = chosen_id(id.as_ref(), &mut faults).map(TaskId);
    let project = field_id("project_id", project_id.as_ref(), &mut faults);
    let parent = field_id("parent_id", parent_id.as_ref(), &mut faults);
    let fields = Box::new(written(fields.unwrap_or_default(), |_| true, &mut faults));
    Error::unless_acceptable(faults)?;
    Ok(Write::Create { id, project, parent, fields })
}

/// What a new task names, as far as it can be read.
pub(super) fn named_by_new(message: &v1::CreateTaskRequest) -> Named {
    let v1::CreateTaskRequest { id: _, project_id, parent_id, fields: _ } = message;
    let (project, parent) = (id_in(project_id), id_in(parent_id));
    Named { parent, project, ..Named::default() }
}

/// What a move names, as far as it can be read: what the parent decides is not asked for.
pub(super) fn named_by_move(message: &v1::MoveTaskRequest) -> Named {
    let v1::MoveTaskRequest { id, parent_id, project_id, before, after, if_version: _ } = message;
    let project = id_in(project_id).filter(|_| parent_id.is_none());
    let parent = id_in(parent_id);
    // Where it is to go cannot be read: what stands there is not judged by where it is now.
    let is_lost = parent_id.is_some() != parent.is_some()
        || parent_id.is_none() && project_id.is_some() != project.is_some();
    let task = id_in(&Some(id.clone())).filter(|_| !is_lost);
    Named { task, parent, project, before: id_in(before), after: id_in(after) }
}

fn id_in<T: std::str::FromStr>(field: &Option<String>) -> Option<T> {
    field_id("", field.as_ref(), &mut vec![])
}

/// What is to change about a task.
pub(super) fn update(message: v1::UpdateTaskRequest) -> Result<Write, Error> {
    let v1::UpdateTaskRequest { id, fields, update_mask, if_version } = message;
    let fields = patch(fields.unwrap_or_default(), update_mask.unwrap_or_default())?;
    Ok(Write::Update {
        id: path_id(&id, error::Error::NotFound)?,
        fields: Box::new(fields),
        if_version,
    })
}

/// Where a task is to go.
pub(super) fn relocate(message: v1::MoveTaskRequest) -> Result<Write, Error> {
    let v1::MoveTaskRequest { id: task, parent_id, project_id, before, after, if_version } =
        message;
    let mut faults = vec![];
    let parent = field_id("parent_id", parent_id.as_ref(), &mut faults);
    let project = field_id("project_id", project_id.as_ref(), &mut faults);
    if parent_id.is_some() && project_id.is_some() {
        let message = "either `parent_id` or `project_id`";
        faults.push(Violation::new("project_id", "CONFLICT", message));
    }
    let next = field_id("before", before.as_ref(), &mut faults);
    let previous = field_id("after", after.as_ref(), &mut faults);
    if before.is_some() && after.is_some() {
        faults.push(Violation::new("after", "CONFLICT", "either `before` or `after`"));
    }
    let place = match (parent, project) {
        (Some(parent), _) => Place::Under(parent),
        (None, Some(project)) => Place::TopOf(project),
        (None, None) => Place::Stay,
    };
    let beside = match (next, previous) {
        (Some(next), _) => Beside::Before(next),
        (None, Some(previous)) => Beside::After(previous),
        (None, None) => Beside::AtEnd,
    };
    Error::unless_acceptable(faults)?;
    Ok(Write::Move {
        id: path_id(&task, error::Error::NotFound)?,
        to: Target { place, beside },
        if_version,
    })
}

/// The names of the fields, as a mask has them.
const FIELDS: [&str; 7] =
    ["title", "description", "status", "priority", "due", "labels", "estimate_minutes"];

/// The fields that are named, all of them for a new task. What is absent is as a new task has it, except for the title.
fn written(
    fields: v1::TaskFields,
    is_named: impl Fn(&str) -> bool,
    faults: &mut Vec<Violation>,
) -> TaskFields {
    let v1::TaskFields {
        title,
        description,
        status,
        priority,
        due,
        labels: labels_given,
        estimate_minutes,
    } = fields;
    TaskFields {
        title: is_named("title").then(|| rules::title(title.as_deref().unwrap_or(""), faults)),
        description: is_named("description")
            .then(|| rules::description(description.unwrap_or_default(), faults)),
        status: is_named("status")
            .then(|| status.map_or(Some(Status::NeedsAction), |it| statuses(&[it], faults).pop()))
            .flatten(),
        priority: is_named("priority")
            .then(|| priority.map_or(Some(Priority::None), |it| priorities(&[it], faults).pop()))
            .flatten(),
        due: is_named("due").then(|| due.and_then(|due| parse_due(due, faults))),
        labels: is_named("labels").then(|| labels::parse(&labels_given, faults)),
        estimate_minutes: is_named("estimate_minutes")
            .then(|| estimate_minutes.map(|minutes| rules::estimate(minutes, faults))),
    }
}

fn patch(fields: v1::TaskFields, FieldMask { paths }: FieldMask) -> Result<TaskFields, Error> {
    let mut faults = vec![];
    let fields = written(fields, |name| paths.iter().any(|path| path == name), &mut faults);
    let unknown = paths.iter().filter(|path| !FIELDS.contains(&path.as_str()));
    let fault = |path: &String| Violation::new(path, "UNKNOWN_FIELD", FIELDS.join(", "));
    faults.extend(unknown.map(fault));
    Error::unless_acceptable(faults)?;
    Ok(fields)
}

fn parse_due(due: v1::Due, faults: &mut Vec<Violation>) -> Option<Due> {
    let v1::Due { date, datetime, time_zone } = due;
    Due::parse(DueFields { date, datetime, time_zone }, faults)
}

/// The states that these numbers stand for.
pub(super) fn statuses(numbers: &[i32], faults: &mut Vec<Violation>) -> Vec<Status> {
    named::<v1::Status, _>("status", numbers, Status::NAMES, faults)
}

/// The priorities that these numbers stand for.
pub(super) fn priorities(numbers: &[i32], faults: &mut Vec<Violation>) -> Vec<Priority> {
    named::<v1::Priority, _>("priority", numbers, Priority::NAMES, faults)
}

/// What the numbers of the contract `C` stand for; none of it where one stands for nothing.
fn named<C: TryFrom<i32>, N: TryFrom<C, Error = ()>>(
    field: &str,
    numbers: &[i32],
    names: &[&str],
    faults: &mut Vec<Violation>,
) -> Vec<N> {
    let known = |&number: &i32| C::try_from(number).map_err(drop).and_then(N::try_from);
    numbers.iter().map(known).collect::<Result<_, _>>().unwrap_or_else(|()| {
        let message = format!("this is one of {}", names.join(", "));
        faults.push(Violation::new(field, "NOT_ONE_OF", message));
        vec![]
    })
}

impl TryFrom<v1::Status> for Status {
    type Error = ();

    fn try_from(status: v1::Status) -> Result<Self, ()> {
        match status {
            v1::Status::Unspecified => Err(()),
            v1::Status::NeedsAction => Ok(Self::NeedsAction),
            v1::Status::InProcess => Ok(Self::InProcess),
            v1::Status::Completed => Ok(Self::Completed),
            v1::Status::Cancelled => Ok(Self::Cancelled),
        }
    }
}

impl From<Status> for v1::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::NeedsAction => Self::NeedsAction,
            Status::InProcess => Self::InProcess,
            Status::Completed => Self::Completed,
            Status::Cancelled => Self::Cancelled,
        }
    }
}

impl TryFrom<v1::Priority> for Priority {
    type Error = ();

    fn try_from(priority: v1::Priority) -> Result<Self, ()> {
        match priority {
            v1::Priority::Unspecified => Err(()),
            v1::Priority::None => Ok(Self::None),
            v1::Priority::Low => Ok(Self::Low),
            v1::Priority::Medium => Ok(Self::Medium),
            v1::Priority::High => Ok(Self::High),
            v1::Priority::Urgent => Ok(Self::Urgent),
        }
    }
}

impl From<Priority> for v1::Priority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::None => Self::None,
            Priority::Low => Self::Low,
            Priority::Medium => Self::Medium,
            Priority::High => Self::High,
            Priority::Urgent => Self::Urgent,
        }
    }
}

impl From<Due> for v1::Due {
    fn from(due: Due) -> Self {
        let DueFields { date, datetime, time_zone } = due.into_fields();
        Self { date, datetime, time_zone }
    }
}

impl From<Task> for v1::Task {
    fn from(task: Task) -> Self {
        let due = task.due();
        let Task {
            scope_id: _,
            id,
            project_id,
            parent_id,
            title,
            description,
            status,
            priority,
            due_local: _,
            due_zone: _,
            due_at: _,
            labels: Labels(labels),
            rank,
            version,
            created_at,
            created_by: _,
            updated_at,
            completed_at,
            completion_id: _,
            trashed_at: _,
            trash_id: _,
            estimate_minutes,
        } = task;
        Self {
            id: id.to_string(),
            project_id: project_id.to_string(),
            parent_id: parent_id.map(|id| id.to_string()),
            title,
            description,
            status: v1::Status::from(status).into(),
            priority: v1::Priority::from(priority).into(),
            due: due.map(Into::into),
            labels,
            rank,
            version,
            created_at: Some(proto::moment(created_at)),
            updated_at: Some(proto::moment(updated_at)),
            completed_at: completed_at.map(proto::moment),
            estimate_minutes,
        }
    }
}

#[cfg(test)]
mod tests;
