//! What is done to a task and all that lies below it.
use super::{
    each::change_each,
    lookup, named,
    place::{self, Target},
    status::open_above,
};
use crate::{
    Error,
    ids::ObjectId,
    journal::{
        change::{Actor, Operation},
        unit::Unit,
    },
    tasks::row::Task,
};

/// To the trash.
pub(super) async fn delete(unit: &mut Unit, actor: &Actor, mut task: Task) -> Result<(), Error> {
    let (now, trash) = (unit.now, ObjectId::from(task.id));
    let below = lookup::below(unit, task.id).await?;
    task.trash(now, trash);
    unit.save(task, Operation::Delete, actor).await?;
    change_each(unit, actor, &below, |task| {
        task.trash(now, trash);
        Operation::Delete
    })
    .await
}

/// To another place.
pub(super) async fn relocate(
    unit: &mut Unit,
    actor: &Actor,
    mut task: Task,
    to: Target,
) -> Result<Task, Error> {
    named::check(unit, to.named(task.id)).await?;
    let below = lookup::below(unit, task.id).await?;
    let siblings = place::siblings_at(unit, &task, to.place, &below).await?;
    task.rank = place::rank_beside(unit, actor, &task, siblings, to.beside).await?;
    let moved = if siblings.project == task.project_id { vec![] } else { below };
    (task.project_id, task.parent_id) = (siblings.project, siblings.parent);
    let task = unit.save(task, Operation::Move, actor).await?;
    change_each(unit, actor, &moved, |below| {
        below.project_id = siblings.project;
        Operation::Move
    })
    .await?;
    open_above(unit, actor, &task).await?;
    Ok(task)
}
