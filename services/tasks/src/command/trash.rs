use super::Answer;
use crate::{
    Error,
    domain::{
        ObjectId, ProjectId, TaskId,
        event::Actor,
        names::{ObjectType, Operation},
        rank,
        task::Task,
    },
    store::unit::Unit,
};

pub(super) async fn restore(unit: &mut Unit, actor: &Actor, id: ObjectId) -> Result<Answer, Error> {
    match unit.trashed(id).await? {
        (Some(mut project), tasks) => {
            project.restore();
            let project = unit.save_project(project, Operation::Restore, actor).await?.id;
            for mut task in tasks {
                task.restore();
                unit.save_task(task, Operation::Restore, actor).await?;
            }
            Ok(Answer::Restored { object_type: ObjectType::Project, id, project, in_place: true })
        }
        (None, tasks) => restore_tasks(unit, actor, id, tasks).await,
    }
}

/// Back to where they were; where that is gone, to the top level of the project, or of the Inbox.
async fn restore_tasks(
    unit: &mut Unit,
    actor: &Actor,
    id: ObjectId,
    tasks: Vec<Task>,
) -> Result<Answer, Error> {
    let root = tasks.iter().find(|task| task.id == TaskId(id.0)).ok_or(Error::TrashNotFound)?;
    let (project, parent) = home(unit, root).await?;
    let in_place = project == root.project_id && parent == root.parent_id;
    for mut task in tasks {
        task.restore();
        task.project_id = project;
        if task.id == TaskId(id.0) && !in_place {
            task.parent_id = parent;
            task.rank = rank::at_end(unit.next_sequence());
        }
        unit.save_task(task, Operation::Restore, actor).await?;
    }
    Ok(Answer::Restored { object_type: ObjectType::Task, id, project, in_place })
}

async fn home(unit: &mut Unit, root: &Task) -> Result<(ProjectId, Option<TaskId>), Error> {
    let there = unit
        .any_project(root.project_id)
        .await?
        .is_some_and(|project| project.trashed_at.is_none());
    if !there {
        return Ok((unit.scope.inbox_id, None));
    }
    let Some(parent) = root.parent_id else { return Ok((root.project_id, None)) };
    let parent = unit
        .any_task(parent)
        .await?
        .filter(|task| task.trashed_at.is_none() && task.project_id == root.project_id);
    Ok((root.project_id, parent.map(|parent| parent.id)))
}

pub(super) async fn purge(unit: &mut Unit, actor: &Actor, id: ObjectId) -> Result<Answer, Error> {
    let (project, tasks) = unit.trashed(id).await?;
    for task in tasks {
        unit.purge(ObjectType::Task, task.id.into(), task.version, actor);
    }
    if let Some(project) = project {
        unit.purge(ObjectType::Project, project.id.into(), project.version, actor);
    }
    Ok(Answer::Gone)
}
