//! The writes of the trash.
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
    tasks::{row::Task, write::fits_under, write::open_above},
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
async fn deleted_as(unit: &mut Unit, id: ObjectId) -> Result<(Option<Project>, Vec<Task>), Error> {
    let project = unit.load(store::project(unit.scope.id, id)).await?.pop();
    let tasks = unit.load(store::tasks(unit.scope.id, id)).await?;
    if project.is_none() && tasks.is_empty() {
        return Err(error::Error::NotFound.into());
    }
    Ok((project, tasks))
}

async fn restore(unit: &mut Unit, actor: &Actor, id: ObjectId) -> Result<Answer, Error> {
    let (project, mut tasks) = deleted_as(unit, id).await?;
    let (object_type, project, in_place) = match project {
        Some(mut project) => {
            project.restore();
            (Project::TYPE, unit.save(project, Operation::Restore, actor).await?.id, true)
        }
        None => {
            let (project, in_place) = put_back(unit, TaskId(id.0), &mut tasks).await?;
            (Task::TYPE, project, in_place)
        }
    };
    restore_tasks(unit, actor, tasks).await?;
    Ok(Answer::new(restored(object_type, id, project, in_place)))
}

/// Puts tasks back to where they were; where that is gone, to the top level of the project, or of the Inbox. Gives the project, and
/// whether it is the old place.
async fn put_back(
    unit: &mut Unit,
    root: TaskId,
    tasks: &mut [Task],
) -> Result<(ProjectId, bool), Error> {
    let root = tasks.iter().position(|task| task.id == root).ok_or(error::Error::NotFound)?;
    let (project, parent) = place_for(unit, &tasks[root], tasks).await?;
    let in_place = project == tasks[root].project_id && parent == tasks[root].parent_id;
    if !in_place {
        tasks[root].parent_id = parent;
        tasks[root].rank = ranks::at_end(unit.next_sequence());
    }
    tasks.iter_mut().for_each(|task| task.project_id = project);
    Ok((project, in_place))
}

/// Takes tasks out of the trash, and only then opens what lies above those that are open: it may be among them.
async fn restore_tasks(unit: &mut Unit, actor: &Actor, tasks: Vec<Task>) -> Result<(), Error> {
    let mut restored = vec![];
    for mut task in tasks {
        task.restore();
        restored.push(unit.save(task, Operation::Restore, actor).await?);
    }
    for task in &restored {
        open_above(unit, actor, task).await?;
    }
    Ok(())
}

/// Where a task with all that is below it can go back to.
async fn place_for(
    unit: &mut Unit,
    root: &Task,
    tasks: &[Task],
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
    let fits = fits_under(unit, &there, root, tasks).await?;
    Ok((root.project_id, fits.then_some(parent)))
}

async fn purge(unit: &mut Unit, actor: &Actor, id: ObjectId) -> Result<Answer, Error> {
    let (project, tasks) = deleted_as(unit, id).await?;
    for task in &tasks {
        unit.purge(task, actor);
    }
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
