use super::{
    Answer, Beside, Place, Target,
    task::{depth, fault, missing_as_fault},
    unchanged,
};
use crate::{
    Error,
    domain::{
        CompletionId, ProjectId, TaskId,
        event::Actor,
        names::{Operation, Status},
        rank,
        task::{MAX_DEPTH, Task},
    },
    store::unit::Unit,
};

pub(super) async fn delete(
    unit: &mut Unit,
    actor: &Actor,
    id: TaskId,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let task = unit.task(id).await?;
    unchanged(task.version, if_version)?;
    let below = unit.descendants(id).await?;
    for mut task in std::iter::once(task).chain(below) {
        task.trash(unit.now, id.into());
        unit.save_task(task, Operation::Delete, actor).await?;
    }
    Ok(Answer::Gone)
}

pub(super) async fn complete(
    unit: &mut Unit,
    actor: &Actor,
    id: TaskId,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let task = unit.task(id).await?;
    unchanged(task.version, if_version)?;
    if task.status == Status::Completed {
        return Ok(Answer::Task(Box::new(task)));
    }
    let below = unit.descendants(id).await?;
    let act = CompletionId::new(&unit.clock);
    for mut task in
        std::iter::once(task).chain(below.into_iter().filter(|task| task.status.is_open()))
    {
        task.complete(unit.now, act);
        unit.save_task(task, Operation::Complete, actor).await?;
    }
    Ok(Answer::Task(Box::new(unit.task(id).await?)))
}

pub(super) async fn reopen(
    unit: &mut Unit,
    actor: &Actor,
    id: TaskId,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let task = unit.task(id).await?;
    unchanged(task.version, if_version)?;
    if task.status.is_open() {
        return Ok(Answer::Task(Box::new(task)));
    }
    let mut reopened = vec![];
    if let Some(act) = task.completion_id {
        let below = unit.descendants(id).await?;
        reopened.extend(below.into_iter().filter(|task| task.completion_id == Some(act)));
    }
    let mut parent = task.parent_id;
    while let Some(above) = parent {
        let task = unit.task(above).await?;
        parent = task.parent_id;
        reopened.extend((!task.status.is_open()).then_some(task));
    }
    for mut task in std::iter::once(task).chain(reopened) {
        task.reopen(Status::NeedsAction);
        unit.save_task(task, Operation::Reopen, actor).await?;
    }
    Ok(Answer::Task(Box::new(unit.task(id).await?)))
}

pub(super) async fn relocate(
    unit: &mut Unit,
    actor: &Actor,
    id: TaskId,
    to: Target,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let mut task = unit.task(id).await?;
    unchanged(task.version, if_version)?;
    let below = unit.descendants(id).await?;
    let (project, parent) = match to.place {
        Place::Stay => (task.project_id, task.parent_id),
        Place::Under(parent) => (under(unit, &task, parent, &below).await?, Some(parent)),
        Place::TopOf(project) => {
            missing_as_fault("project_id", unit.project(project).await)?.accepts_tasks()?;
            (project, None)
        }
    };
    task.rank = beside(unit, &task, (project, parent), to.beside).await?;
    task.parent_id = parent;
    let moved = if project == task.project_id { vec![] } else { below };
    for mut task in std::iter::once(task).chain(moved) {
        task.project_id = project;
        unit.save_task(task, Operation::Move, actor).await?;
    }
    Ok(Answer::Task(Box::new(unit.task(id).await?)))
}

/// The project of the new parent, which is neither the task itself nor below it, nor so deep that the subtree would not fit.
async fn under(
    unit: &mut Unit,
    task: &Task,
    parent: TaskId,
    below: &[Task],
) -> Result<ProjectId, Error> {
    if parent == task.id || below.iter().any(|descendant| descendant.id == parent) {
        return Err(Error::Cycle);
    }
    let parent = missing_as_fault("parent_id", unit.task(parent).await)?;
    let mut deepest = 0;
    for descendant in below {
        deepest = deepest.max(depth(unit, descendant).await?);
    }
    let height = deepest.saturating_sub(depth(unit, task).await?) + 1;
    if depth(unit, &parent).await? + height > MAX_DEPTH {
        return Err(Error::TooDeep(MAX_DEPTH));
    }
    if parent.project_id != unit.scope.inbox_id {
        unit.project(parent.project_id).await?.accepts_tasks()?;
    }
    Ok(parent.project_id)
}

/// The rank next to a sibling at the new place.
async fn beside(
    unit: &mut Unit,
    task: &Task,
    (project, parent): (ProjectId, Option<TaskId>),
    beside: Beside,
) -> Result<String, Error> {
    let (field, sibling, before) = match beside {
        Beside::AtEnd => return Ok(rank::at_end(unit.next_sequence())),
        Beside::Before(sibling) => ("before", sibling, true),
        Beside::After(sibling) => ("after", sibling, false),
    };
    let sibling = missing_as_fault(field, unit.task(sibling).await)?;
    if sibling.id == task.id || sibling.parent_id != parent || sibling.project_id != project {
        return Err(fault(field, "NOT_A_SIBLING", "the id of a task at the place it goes to"));
    }
    let next = unit.neighbour(project, parent, &sibling.rank, before, task.id).await?;
    Ok(match before {
        true => rank::between(next.as_deref(), Some(&sibling.rank)),
        false => rank::between(Some(&sibling.rank), next.as_deref()),
    })
}
