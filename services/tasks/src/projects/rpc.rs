//! Projects, as peers ask for them.
use kit_base::page;
use kit_rpc::Services;
use proto::tasks::v1::{
    CreateProjectRequest, DeleteProjectRequest, DeleteProjectResponse, GetProjectRequest,
    ListProjectsRequest, ListProjectsResponse, Project, ProjectServicePeer, UpdateProjectRequest,
    project_service_server::ProjectService,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    error, message, store,
    write::{OPERATIONS, Write},
};
use crate::{
    Error,
    ids::{ProjectId, ScopeId},
    journal::metrics::register,
    message::path_id,
    rpc::{Reply, Rpc},
};

/// Serves them, and names what is counted of them.
pub(crate) fn serve(rpc: Rpc, services: Services) -> Services {
    register(OPERATIONS);
    ProjectServicePeer::serve(services, rpc)
}

#[tonic::async_trait]
impl ProjectService for Rpc {
    async fn create_project(&self, request: Request<CreateProjectRequest>) -> Reply<Project> {
        self.write("CreateProject", request, message::create).await
    }

    async fn get_project(&self, request: Request<GetProjectRequest>) -> Reply<Project> {
        let scope = self.scope(&request).await?;
        let id = path_id(&request.get_ref().id, error::Error::NotFound)?;
        let project = store::get(&self.projects, scope, id).await?;
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
        self.write("UpdateProject", request, message::update).await
    }

    async fn delete_project(
        &self,
        request: Request<DeleteProjectRequest>,
    ) -> Reply<DeleteProjectResponse> {
        self.write("DeleteProject", request, |DeleteProjectRequest { id: project, if_version }| {
            Ok(Write::Delete { id: path_id(&project, error::Error::NotFound)?, if_version })
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
        let found = store::list(&self.db, scope, archived, after, limit + 1).await?;
        let (found, next_cursor) = page::cut(
            found,
            limit,
            |project| project.name.len(),
            |last| page::encode(&query, &(&last.rank, last.id.0)),
        );
        Ok(ListProjectsResponse {
            projects: found.into_iter().map(Into::into).collect(),
            next_cursor,
        })
    }
}
