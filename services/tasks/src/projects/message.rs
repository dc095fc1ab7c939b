//! Projects as messages say them.
use kit_base::Violation;
use proto::tasks::v1;

use super::{
    error,
    row::Project,
    rules::{self, ProjectFields},
    write::Write,
};
use crate::{
    Error,
    ids::ProjectId,
    message::{chosen_id, path_id},
};

/// What a new project is to be.
pub(super) fn create(message: v1::CreateProjectRequest) -> Result<Write, Error> {
    let v1::CreateProjectRequest { id, name } = message;
    let mut faults = vec![];
    let id = chosen_id(id.as_ref(), &mut faults).map(ProjectId);
    let name = rules::name(&name, &mut faults);
    Error::unless_acceptable(faults)?;
    Ok(Write::Create { id, name })
}

/// What is to change about a project.
pub(super) fn update(message: v1::UpdateProjectRequest) -> Result<Write, Error> {
    let v1::UpdateProjectRequest { id: project, update_mask, name, archived, if_version } = message;
    let (mut fields, mut faults) = (ProjectFields::default(), vec![]);
    for path in update_mask.unwrap_or_default().paths {
        match path.as_str() {
            "name" => fields.name = Some(rules::name(name.as_deref().unwrap_or(""), &mut faults)),
            "archived" => fields.archived = Some(archived.unwrap_or(false)),
            other => faults.push(Violation::new(other, "UNKNOWN_FIELD", "name or archived")),
        }
    }
    Error::unless_acceptable(faults)?;
    Ok(Write::Update { id: path_id(&project, error::Error::NotFound)?, fields, if_version })
}

impl From<Project> for v1::Project {
    fn from(project: Project) -> Self {
        let Project {
            scope_id: _,
            id,
            name,
            is_inbox,
            rank,
            version,
            created_at,
            created_by: _,
            updated_at,
            archived_at,
            trashed_at: _,
            trash_id: _,
        } = project;
        let (created_at, updated_at) =
            (Some(proto::moment(created_at)), Some(proto::moment(updated_at)));
        Self {
            id: id.to_string(),
            name,
            is_inbox,
            archived: archived_at.is_some(),
            rank,
            version,
            created_at,
            updated_at,
        }
    }
}
