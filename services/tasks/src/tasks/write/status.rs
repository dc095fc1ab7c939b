//! How far tasks are. One rule stands below all ways to say it: no open task lies under a closed one. So what closes a task closes
//! what is open below it, as one act; what opens a task opens what that act closed, and the tasks above.
use super::{each::change_each, lookup};
use crate::{
    Error,
    ids::CompletionId,
    journal::{change::Actor, unit::Unit},
    tasks::row::{Task, names::Status, node::Node},
};

/// Completes a task that is not completed yet.
pub(super) async fn complete(unit: &mut Unit, actor: &Actor, task: Task) -> Result<Task, Error> {
    write(unit, actor, task, Status::Completed).await
}

/// Opens a task that is closed.
pub(super) async fn reopen(unit: &mut Unit, actor: &Actor, task: Task) -> Result<Task, Error> {
    let status = if task.status.is_open() { task.status } else { Status::NeedsAction };
    write(unit, actor, task, status).await
}

/// Saves a task that may be changed otherwise too, in this status, and what that means for those around it.
pub(super) async fn write(
    unit: &mut Unit,
    actor: &Actor,
    mut task: Task,
    status: Status,
) -> Result<Task, Error> {
    let (before, act) = (task.status, CompletionId::new(&unit.clock));
    let with_it = match (before.is_open(), status.is_open()) {
        (true, false) => {
            let below = lookup::below(unit, task.id).await?;
            below.into_iter().filter(|node| node.status.is_open()).collect()
        }
        (false, true) => closed_with(unit, &task).await?,
        (true, true) | (false, false) => vec![],
    };
    let (now, others) = (unit.now, if status.is_open() { Status::NeedsAction } else { status });
    task.become_status(status, now, act);
    let task = unit.save(task, Task::operation(before, status), actor).await?;
    change_each(unit, actor, &with_it, |other| {
        let operation = Task::operation(other.status, others);
        other.become_status(others, now, act);
        operation
    })
    .await?;
    open_above(unit, actor, &task).await?;
    Ok(task)
}

/// The tasks below that were closed by the same act.
async fn closed_with(unit: &mut Unit, task: &Task) -> Result<Vec<Node>, Error> {
    let Some(act) = task.completion_id else { return Ok(vec![]) };
    let below = lookup::below(unit, task.id).await?;
    Ok(below.into_iter().filter(|node| node.completion_id == Some(act)).collect())
}

/// Opens the tasks above one that is open.
pub(crate) async fn open_above(unit: &mut Unit, actor: &Actor, task: &Task) -> Result<(), Error> {
    if !task.status.is_open() {
        return Ok(());
    }
    for mut above in lookup::above(unit, task).await? {
        if above.status.is_open() {
            continue;
        }
        let operation = Task::operation(above.status, Status::NeedsAction);
        let (now, act) = (unit.now, CompletionId::new(&unit.clock));
        above.become_status(Status::NeedsAction, now, act);
        unit.save(above, operation, actor).await?;
    }
    Ok(())
}
