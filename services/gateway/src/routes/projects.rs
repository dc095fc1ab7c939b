//! Projects.
use axum::extract::State;
use proto::tasks::v1::{
    self, CreateProjectRequest, DeleteProjectRequest, GetProjectRequest, ListProjectsRequest,
    UpdateProjectRequest,
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{Id, Moment};
use crate::{
    body::{Json, Patch, object},
    condition::{IfMatch, IfNoneMatch},
    problem::Problem,
    query::Query,
    reply::{self, Reply, Resource},
    shared::Gateway,
    user::User,
};

/// A project.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Project {
    #[schema(format = Uuid)]
    id: String,
    name: String,
    /// Everyone has one Inbox, which can be neither renamed, archived nor deleted.
    is_inbox: bool,
    archived: bool,
    /// Orders projects, compared byte by byte.
    rank: String,
    /// Grows with each change; the ETag.
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

/// A page of projects.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectPage {
    items: Vec<Project>,
    /// Where the next page begins; null when there is none.
    #[schema(required)]
    next_cursor: Option<String>,
}

object! {
    /// A new project.
    pub(crate) struct NewProject {
        /// A UUIDv7 of your own choice, so that you may create without being online.
        #[schema(format = Uuid)]
        id: Option<String>,
        #[schema(min_length = 1, max_length = 120, example = "Garden")]
        name: String,
    }
}

object! {
    /// What to change about a project (RFC 7396). What is absent stays.
    pub(crate) struct ProjectPatch {
        #[schema(value_type = Option<String>, min_length = 1, max_length = 120, example = "Allotment")]
        name: Patch<String>,
        #[schema(value_type = Option<bool>)]
        archived: Patch<bool>,
    }
}

/// Which projects.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document's half of `list`")]
pub(crate) struct ProjectQuery {
    /// Only archived ones, or only those that are not.
    archived: Option<bool>,
    /// The most items of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i32>,
    /// `next_cursor` of the page before; the other parameters stay as they were.
    cursor: Option<String>,
}

impl From<v1::Project> for Project {
    fn from(project: v1::Project) -> Self {
        let v1::Project { id, name, is_inbox, archived, rank, version, created_at, updated_at } =
            project;
        let (created_at, updated_at) = (Moment::of(created_at), Moment::of(updated_at));
        Self { id, name, is_inbox, archived, rank, version, created_at, updated_at }
    }
}

impl From<v1::ListProjectsResponse> for ProjectPage {
    fn from(v1::ListProjectsResponse { projects, next_cursor }: v1::ListProjectsResponse) -> Self {
        Self {
            items: projects.into_iter().map(Project::from).collect(),
            next_cursor: super::next(next_cursor),
        }
    }
}

impl Resource for Project {
    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/projects/{}", self.id)
    }
}

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
