//! What may be done to projects.
use axum::extract::State;
use proto::tasks::v1::{
    CreateProjectRequest, DeleteProjectRequest, GetProjectRequest, ListProjectsRequest,
    ProjectServicePeer, UpdateProjectRequest, limits,
};
use serde_json::json;
use utoipa_axum::routes;

use super::shape::{NewProject, Project, ProjectPage, ProjectPatch, ProjectQuery};
use crate::{
    body::{Draft, Nothing},
    condition::{IfMatch, Wanted},
    edge::{access::Access, user::User},
    openapi::pattern,
    operations::{Operations, Traits},
    path::Id,
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    shared::Gateway,
};

/// What may be done to projects.
pub(crate) fn operations() -> Operations {
    let user = || Traits::new(Access::Users);
    let renamed = json!({"name": "Orchard"});
    Operations::new("projects", "What tasks are grouped by")
        .offer(routes!(list), user().paged())
        .offer(routes!(create), user().refuses(&[403]).example(json!({"name": "Garden"})))
        .offer(routes!(read), user().versioned())
        .offer(routes!(update), user().versioned().refuses(&[403]).example(renamed))
        .offer(routes!(remove), user().versioned())
        .length(&["NewProject", "ProjectPatch"], "name", 1, limits::PROJECT_NAME)
        .pattern(&["NewProject", "ProjectPatch"], "name", &pattern::VISIBLE)
        .pattern(&["NewProject"], "id", pattern::UUID_7)
}

/// The service that keeps them.
fn projects(gateway: &Gateway) -> ProjectServicePeer<'_> {
    ProjectServicePeer::new(&gateway.peers.tasks)
}

/// Create a project
///
/// It goes behind your other projects; the Inbox stays the last.
#[utoipa::path(post, path = "/v1/projects", operation_id = "create_project", request_body = NewProject,
    responses((status = 201, description = "The project", body = Project)))]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    user: User,
    body: Draft<NewProject>,
) -> Reply {
    let (NewProject { id, name }, user) = body.said_by(user);
    let answer =
        projects(&gateway).create_project(user.asks(CreateProjectRequest { id, name })).await?;
    Ok(reply::created::<Project, _>(answer))
}

/// List projects
///
/// In the order of their rank.
#[utoipa::path(get, path = "/v1/projects", operation_id = "list_projects", params(ProjectQuery),
    responses((status = 200, description = "A page of projects", body = ProjectPage)))]
pub(crate) async fn list(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let (archived, (limit, cursor)) = (query.flag("archived"), query.page());
    query.ask()?;
    let request = user.asks(ListProjectsRequest { archived, limit, cursor });
    let answer = projects(&gateway).list_projects(request).await.map_err(Problem::of_query)?;
    Ok(reply::plain::<ProjectPage, _>(answer))
}

/// Read a project
///
/// With its version as the ETag.
#[utoipa::path(get, path = "/v1/projects/{id}", operation_id = "read_project", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The project", body = Project)))]
pub(crate) async fn read(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    wanted: Wanted,
) -> Reply {
    let answer = projects(&gateway).get_project(user.asks(GetProjectRequest { id })).await?;
    Ok(reply::read::<Project, _>(answer, &wanted))
}

/// Change a project
///
/// What is absent stays. The Inbox is fixed.
#[utoipa::path(patch, path = "/v1/projects/{id}", operation_id = "update_project", params(("id" = uuid::Uuid, Path)),
    request_body = ProjectPatch, responses((status = 200, description = "The project, changed", body = Project)))]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    if_match: IfMatch,
    patch: Draft<ProjectPatch>,
) -> Reply {
    let (ProjectPatch { name, archived }, user) = patch.said_by(user);
    let mut paths = vec![];
    let (name, archived) = (name.mask("name", &mut paths), archived.mask("archived", &mut paths));
    let update_mask = Some(prost_types::FieldMask { paths });
    let message = UpdateProjectRequest { id, update_mask, name, archived, if_version: None };
    let answer = if_match.ask(|if_version| {
        let request = user.clone().asks(UpdateProjectRequest { if_version, ..message.clone() });
        projects(&gateway).update_project(request)
    });
    Ok(reply::written::<Project, _>(answer.await?))
}

/// Delete a project
///
/// It goes to the trash with all its tasks.
#[utoipa::path(delete, path = "/v1/projects/{id}", operation_id = "delete_project", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "It is in the trash")))]
pub(crate) async fn remove(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    if_match: IfMatch,
    _: Nothing,
) -> Reply {
    let answer = if_match.ask(|if_version| {
        let request = user.clone().asks(DeleteProjectRequest { id: id.clone(), if_version });
        projects(&gateway).delete_project(request)
    });
    Ok(reply::no_content(answer.await?))
}
