use kit::Violation;

use super::{Answer, unchanged};
use crate::{
    Error,
    domain::{
        CompletionId, ProjectId, TaskId,
        event::Actor,
        label::Labels,
        names::{Operation, Priority, Status},
        rank,
        task::{MAX_DEPTH, Task, TaskFields},
    },
    store::unit::Unit,
};

pub(super) async fn create(
    unit: &mut Unit,
    actor: &Actor,
    id: Option<TaskId>,
    (project, parent): (Option<ProjectId>, Option<TaskId>),
    fields: TaskFields,
) -> Result<Answer, Error> {
    let id = match id {
        Some(id) if unit.any_task(id).await?.is_some() => return Err(Error::IdTaken),
        Some(id) => id,
        None => unit.new_task_id(),
    };
    let project_id = place(unit, project, parent).await?;
    let mut task = Task {
        scope_id: unit.scope.id,
        id,
        project_id,
        parent_id: parent,
        title: String::new(),
        description: String::new(),
        status: Status::NeedsAction,
        priority: Priority::None,
        due_local: None,
        due_zone: None,
        due_at: None,
        labels: Labels::default(),
        rank: rank::at_end(unit.next_sequence()),
        version: 1,
        created_at: unit.now,
        created_by: actor.user_id,
        updated_at: unit.now,
        completed_at: None,
        completion_id: None,
        trashed_at: None,
        trash_id: None,
    };
    task.write(fields, unit.now, CompletionId::new(&unit.clock));
    let task = unit.save_task(task, Operation::Create, actor).await?;
    Ok(Answer::Task(Box::new(task)))
}

/// The project that a new task goes to, with all that speaks against it.
async fn place(
    unit: &mut Unit,
    project: Option<ProjectId>,
    parent: Option<TaskId>,
) -> Result<ProjectId, Error> {
    let id = match parent {
        Some(parent) => {
            let parent = missing_as_fault("parent_id", unit.task(parent).await)?;
            if project.is_some_and(|project| project != parent.project_id) {
                return Err(fault(
                    "project_id",
                    "CONFLICT",
                    "the project of the parent, or leave it out",
                ));
            }
            if depth(unit, &parent).await? >= MAX_DEPTH {
                return Err(Error::TooDeep(MAX_DEPTH));
            }
            parent.project_id
        }
        None => project.unwrap_or(unit.scope.inbox_id),
    };
    // The Inbox is always there and never archived.
    if id != unit.scope.inbox_id {
        missing_as_fault("project_id", unit.project(id).await)?.accepts_tasks()?;
    }
    Ok(id)
}

/// How deep a task lies: 1 at the top level.
pub(super) async fn depth(unit: &mut Unit, task: &Task) -> Result<usize, Error> {
    let (mut depth, mut parent) = (1, task.parent_id);
    while let Some(above) = parent {
        depth += 1;
        parent = unit.any_task(above).await?.and_then(|task| task.parent_id);
    }
    Ok(depth)
}

/// What a body names and is not there is a fault of that field.
pub(super) fn missing_as_fault<T>(field: &str, found: Result<T, Error>) -> Result<T, Error> {
    found.map_err(|error| match error {
        Error::TaskNotFound | Error::ProjectNotFound => {
            fault(field, "NOT_FOUND", "the id of one that exists")
        }
        error => error,
    })
}

pub(super) fn fault(field: &str, reason: &'static str, message: &str) -> Error {
    Error::Invalid(vec![Violation::new(field, reason, message)])
}

pub(super) async fn update(
    unit: &mut Unit,
    actor: &Actor,
    id: TaskId,
    fields: TaskFields,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let mut task = unit.task(id).await?;
    unchanged(task.version, if_version)?;
    task.write(fields, unit.now, CompletionId::new(&unit.clock));
    let task = unit.save_task(task, Operation::Update, actor).await?;
    Ok(Answer::Task(Box::new(task)))
}
