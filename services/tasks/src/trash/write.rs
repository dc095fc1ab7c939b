//! The writes of the trash.
use std::collections::HashSet;

use futures_util::future::{BoxFuture, FutureExt as _};
use proto::tasks::v1;

use super::{error, message::restored, store};
use crate::{
    Error,
    ids::{ObjectId, ProjectId, TaskId},
    journal::{
        change::{Actor, Operation},
        command::{Answer, Command},
        metrics::Operations,
        rows::Row as _,
        stored::Wanted,
        unit::Unit,
    },
    projects::row::Project,
    ranks,
    tasks::{
        row::{Task, node::Node},
        store::Siblings,
        write::{change_each, fits_under, open_above, rank_of_returning},
    },
};

/// See [`Command::label`].
pub(crate) const OPERATIONS: Operations = ("trash", &["restore", "purge"]);

/// A write of what is in the trash.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Restore { id: ObjectId },
    Purge { id: ObjectId },
}

impl Command for Write {
    fn label(&self) -> [&'static str; 2] {
        let operation = match self {
            Self::Restore { .. } => "restore",
            Self::Purge { .. } => "purge",
        };
        [OPERATIONS.0, operation]
    }

    fn frees(&self) -> bool {
        matches!(self, Self::Purge { .. })
    }

    fn wanted(&self) -> Vec<Wanted> {
        vec![]
    }

    fn run<'u>(
        &'u self,
        unit: &'u mut Unit,
        actor: &'u Actor,
    ) -> BoxFuture<'u, Result<Answer, Error>> {
        async move {
            match self {
                Self::Restore { id } => restore(unit, actor, *id).await,
                Self::Purge { id } => purge(unit, actor, *id).await,
            }
        }
        .boxed()
    }
}

/// All that one act deleted: a project, if it was one, and tasks.
async fn deleted_as(unit: &mut Unit, id: ObjectId) -> Result<(Option<Project>, Vec<Node>), Error> {
    let project = unit.find::<Project>(id).await?.filter(|project| project.trash_id == Some(id));
    let tasks = unit.query(store::tasks(unit.scope.id, id)).await?;
    if project.is_none() && tasks.is_empty() {
        return Err(error::Error::NotFound.into());
    }
    Ok((project, tasks))
}

async fn restore(unit: &mut Unit, actor: &Actor, id: ObjectId) -> Result<Answer, Error> {
    let (project, tasks) = deleted_as(unit, id).await?;
    let Some(mut project) = project else {
        return restore_tree(unit, actor, TaskId(id.0), tasks).await;
    };
    project.restore();
    let project = unit.save(project, Operation::Restore, actor).await?;
    let restore = |task: &mut Task| {
        task.restore();
        Operation::Restore
    };
    change_each(unit, actor, &tasks, restore).await?;
    open_above_each(unit, actor, &tasks).await?;
    Ok(Answer::new(restored(Project::TYPE, id, project.id, true)))
}

/// Puts a task with all that was deleted with it back to where it was; where that is gone, to the top level of the project, or of the Inbox.
async fn restore_tree(
    unit: &mut Unit,
    actor: &Actor,
    root: TaskId,
    mut tasks: Vec<Node>,
) -> Result<Answer, Error> {
    let task = unit.find::<Task>(root).await?.ok_or(error::Error::NotFound)?;
    let (project, parent) = place_for(unit, &task, &tasks).await?;
    let in_place = project == task.project_id && parent == task.parent_id;
    let rank = if in_place {
        rank_of_returning(unit, &task, Siblings { project, parent }).await?
    } else {
        ranks::at_end(unit.next_sequence())
    };
    for node in tasks.iter_mut().filter(|node| node.id == root) {
        node.parent_id = parent;
    }
    change_each(unit, actor, &tasks, |task| {
        if task.id == root {
            (task.parent_id, task.rank) = (parent, rank.clone());
        }
        task.project_id = project;
        task.restore();
        Operation::Restore
    })
    .await?;
    open_above_each(unit, actor, &tasks).await?;
    Ok(Answer::new(restored(Task::TYPE, root.into(), project, in_place)))
}

/// Opens what lies above tasks that are open, now that all of them are there again: it may be among them.
async fn open_above_each(unit: &mut Unit, actor: &Actor, tasks: &[Node]) -> Result<(), Error> {
    let open = || tasks.iter().filter(|node| node.status.is_open());
    let among: HashSet<TaskId> = open().map(|node| node.id).collect();
    for node in open() {
        let under_open = node.parent_id.is_none_or(|parent| among.contains(&parent));
        if !under_open && let Some(task) = unit.find::<Task>(node.id).await? {
            open_above(unit, actor, &task).await?;
        }
    }
    Ok(())
}

/// Where a task with all that is below it can go back to.
async fn place_for(
    unit: &mut Unit,
    root: &Task,
    tasks: &[Node],
) -> Result<(ProjectId, Option<TaskId>), Error> {
    let project = unit.find::<Project>(root.project_id).await?;
    let Some(project) = project.filter(|project| project.trashed_at.is_none()) else {
        return Ok((unit.scope.inbox_id, None));
    };
    project.accepts_tasks()?;
    let Some(parent) = root.parent_id else { return Ok((root.project_id, None)) };
    let there = unit.find::<Task>(parent).await?;
    let there =
        there.filter(|task| task.trashed_at.is_none() && task.project_id == root.project_id);
    let Some(there) = there else { return Ok((root.project_id, None)) };
    // It may lie deeper than it did.
    let fits = fits_under(unit, &there, root.id, tasks).await?;
    Ok((root.project_id, fits.then_some(parent)))
}

async fn purge(unit: &mut Unit, actor: &Actor, id: ObjectId) -> Result<Answer, Error> {
    let (project, tasks) = deleted_as(unit, id).await?;
    change_each(unit, actor, &tasks, |_| Operation::Purge).await?;
    if let Some(project) = &project {
        unit.purge(project, actor);
    }
    Ok(Answer::new(v1::PurgeTrashResponse {}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_write_is_counted_under_a_name_of_its_own() {
        let id = ObjectId(uuid::Uuid::from_u128(1));
        let labels = [Write::Restore { id }, Write::Purge { id }].map(|write| write.label());
        assert_eq!(labels.map(|[object, _]| object), [OPERATIONS.0; 2]);
        assert_eq!(labels.map(|[_, operation]| operation), OPERATIONS.1);
    }
}
