use super::{Answer, unchanged};
use crate::{
    Error,
    domain::{
        ProjectId,
        event::Actor,
        names::Operation,
        project::{Project, ProjectFields},
        rank,
    },
    store::unit::Unit,
};

pub(super) async fn create(
    unit: &mut Unit,
    actor: &Actor,
    id: Option<ProjectId>,
    name: String,
) -> Result<Answer, Error> {
    let id = match id {
        Some(id) if unit.any_project(id).await?.is_some() => return Err(Error::IdTaken),
        Some(id) => id,
        None => ProjectId::new(&unit.clock),
    };
    let project = Project {
        scope_id: unit.scope.id,
        id,
        name,
        is_inbox: false,
        rank: rank::at_end(unit.next_sequence()),
        version: 1,
        created_at: unit.now,
        created_by: actor.user_id,
        updated_at: unit.now,
        archived_at: None,
        trashed_at: None,
        trash_id: None,
    };
    Ok(Answer::Project(unit.save_project(project, Operation::Create, actor).await?))
}

pub(super) async fn update(
    unit: &mut Unit,
    actor: &Actor,
    id: ProjectId,
    fields: ProjectFields,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let mut project = unit.project(id).await?;
    unchanged(project.version, if_version)?;
    project.write(fields, unit.now)?;
    Ok(Answer::Project(unit.save_project(project, Operation::Update, actor).await?))
}

pub(super) async fn delete(
    unit: &mut Unit,
    actor: &Actor,
    id: ProjectId,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let mut project = unit.project(id).await?;
    unchanged(project.version, if_version)?;
    project.changeable()?;
    let tasks = unit.tasks_of(id).await?;
    project.trash(unit.now);
    unit.save_project(project, Operation::Delete, actor).await?;
    for mut task in tasks {
        task.trash(unit.now, id.into());
        unit.save_task(task, Operation::Delete, actor).await?;
    }
    Ok(Answer::Gone)
}
