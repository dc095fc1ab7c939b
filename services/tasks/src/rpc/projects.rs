use kit::{Violation, page};
use proto::tasks::v1::{
    CreateProjectRequest, DeleteProjectRequest, DeleteProjectResponse, GetProjectRequest,
    ListProjectsRequest, ListProjectsResponse, Project, UpdateProjectRequest,
    project_service_server::ProjectService,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Reply, Rpc, acceptable, chosen_id, id, moment};
use crate::{
    Error,
    command::Command,
    domain::{
        ProjectId, ScopeId,
        project::{self, ProjectFields},
    },
    store,
};

#[tonic::async_trait]
impl ProjectService for Rpc {
    async fn create_project(&self, request: Request<CreateProjectRequest>) -> Reply<Project> {
        self.write("CreateProject", request, |CreateProjectRequest { id, name }| {
            let mut faults = vec![];
            let id = chosen_id(id.as_ref(), &mut faults).map(ProjectId);
            let name = project::name(&name, &mut faults);
            acceptable(faults)?;
            Ok(Command::CreateProject { id, name })
        })
        .await
    }

    async fn get_project(&self, request: Request<GetProjectRequest>) -> Reply<Project> {
        let scope = self.scope(&request).await?;
        let id = id(&request.get_ref().id, Error::ProjectNotFound)?;
        let project = store::projects::get(&self.db, scope, id).await?;
        Ok(Response::new(project.into()))
    }

    async fn list_projects(
        &self,
        request: Request<ListProjectsRequest>,
    ) -> Reply<ListProjectsResponse> {
        let scope = self.scope(&request).await?;
        let page = self.projects(scope, request.into_inner()).await?;
        Ok(Response::new(page))
    }

    async fn update_project(&self, request: Request<UpdateProjectRequest>) -> Reply<Project> {
        self.write("UpdateProject", request, update).await
    }

    async fn delete_project(
        &self,
        request: Request<DeleteProjectRequest>,
    ) -> Reply<DeleteProjectResponse> {
        self.write("DeleteProject", request, |DeleteProjectRequest { id: project, if_version }| {
            Ok(Command::DeleteProject { id: id(&project, Error::ProjectNotFound)?, if_version })
        })
        .await
    }
}

impl Rpc {
    async fn projects(
        &self,
        scope: ScopeId,
        request: ListProjectsRequest,
    ) -> Result<ListProjectsResponse, Error> {
        let ListProjectsRequest { archived, limit, cursor } = request;
        let (limit, query) = (page::limit(limit)?, format!("projects {archived:?}"));
        let after = page::decode::<(String, Uuid)>(&query, &cursor)?
            .map(|(rank, id)| (rank, ProjectId(id)));
        let found = store::projects::list(&self.db, scope, archived, after, limit + 1).await?;
        let (found, next_cursor) =
            page::cut(found, limit, |last| page::encode(&query, &(&last.rank, last.id.0)));
        Ok(ListProjectsResponse {
            projects: found.into_iter().map(Into::into).collect(),
            next_cursor,
        })
    }
}

fn update(message: UpdateProjectRequest) -> Result<Command, Error> {
    let UpdateProjectRequest { id: project, update_mask, name, archived, if_version } = message;
    let (mut fields, mut faults) = (ProjectFields::default(), vec![]);
    for path in update_mask.unwrap_or_default().paths {
        match path.as_str() {
            "name" => fields.name = Some(project::name(name.as_deref().unwrap_or(""), &mut faults)),
            "archived" => fields.archived = Some(archived.unwrap_or(false)),
            other => faults.push(Violation::new(other, "UNKNOWN_FIELD", "name or archived")),
        }
    }
    acceptable(faults)?;
    Ok(Command::UpdateProject { id: id(&project, Error::ProjectNotFound)?, fields, if_version })
}

impl From<project::Project> for Project {
    fn from(project: project::Project) -> Self {
        let project::Project {
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
        let (created_at, updated_at) = (Some(moment(created_at)), Some(moment(updated_at)));
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
