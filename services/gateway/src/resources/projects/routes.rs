//! What may be done to projects.
use axum::extract::State;
use proto::tasks::v1::{
    CreateProjectRequest, DeleteProjectRequest, GetProjectRequest, ListProjectsRequest,
    UpdateProjectRequest,
};

use super::shape::{NewProject, Project, ProjectPage, ProjectPatch, ProjectQuery};
use crate::{
    body::Json,
    condition::{IfMatch, IfNoneMatch},
    edge::user::User,
    path::Id,
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    shared::Gateway,
};

/// Create a project
#[utoipa::path(post, path = "/v1/projects", operation_id = "create_project", tag = "projects", request_body = NewProject,
    responses((status = 201, description = "The project", body = Project)))]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    user: User,
    Json(NewProject { id, name }): Json<NewProject>,
) -> Reply {
    let answer =
        gateway.projects().create_project(user.asks(CreateProjectRequest { id, name })).await?;
    Ok(reply::created::<Project, _>(answer))
}

/// List projects
#[utoipa::path(get, path = "/v1/projects", operation_id = "list_projects", tag = "projects", params(ProjectQuery),
    responses((status = 200, description = "A page of projects", body = ProjectPage)))]
pub(crate) async fn list(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let (archived, (limit, cursor)) = (query.flag("archived"), query.page());
    query.end()?;
    let request = user.asks(ListProjectsRequest { archived, limit, cursor });
    let answer = gateway.projects().list_projects(request).await.map_err(Problem::of_query)?;
    Ok(reply::plain::<ProjectPage, _>(answer))
}

/// Read a project
#[utoipa::path(get, path = "/v1/projects/{id}", operation_id = "read_project", tag = "projects", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The project", body = Project)))]
pub(crate) async fn read(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    has: IfNoneMatch,
) -> Reply {
    let answer = gateway.projects().get_project(user.asks(GetProjectRequest { id })).await?;
    Ok(reply::read::<Project, _>(answer, &has))
}

/// Change a project
#[utoipa::path(patch, path = "/v1/projects/{id}", operation_id = "update_project", tag = "projects", params(("id" = uuid::Uuid, Path)),
    request_body = ProjectPatch, responses((status = 200, description = "The project, changed", body = Project)))]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    IfMatch(if_version): IfMatch,
    Json(ProjectPatch { name, archived }): Json<ProjectPatch>,
) -> Reply {
    let mut paths = vec![];
    let (name, archived) = (name.mask("name", &mut paths), archived.mask("archived", &mut paths));
    let update_mask = Some(prost_types::FieldMask { paths });
    let message = UpdateProjectRequest { id, update_mask, name, archived, if_version };
    Ok(reply::written::<Project, _>(gateway.projects().update_project(user.asks(message)).await?))
}

/// Delete a project
///
/// It goes to the trash with all its tasks.
#[utoipa::path(delete, path = "/v1/projects/{id}", operation_id = "delete_project", tag = "projects", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "It is in the trash")))]
pub(crate) async fn remove(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    IfMatch(if_version): IfMatch,
) -> Reply {
    Ok(reply::done(
        gateway
            .projects()
            .delete_project(user.asks(DeleteProjectRequest { id, if_version }))
            .await?,
    ))
}
