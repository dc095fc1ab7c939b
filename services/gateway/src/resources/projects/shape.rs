//! A project as JSON.
use proto::tasks::v1;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::{Patch, object},
    reply::{Moment, Resource, next},
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
        #[schema(example = "Garden")]
        name: String,
    }
}

object! {
    /// What to change about a project (RFC 7396). What is absent stays.
    pub(crate) struct ProjectPatch {
        #[schema(value_type = String, required = false, example = "Allotment")]
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
}

impl From<v1::Project> for Project {
    fn from(project: v1::Project) -> Self {
        let v1::Project { id, name, is_inbox, archived, rank, version, created_at, updated_at } =
            project;
        let (created_at, updated_at) =
            (Moment::from_contract(created_at), Moment::from_contract(updated_at));
        Self { id, name, is_inbox, archived, rank, version, created_at, updated_at }
    }
}

impl From<v1::ListProjectsResponse> for ProjectPage {
    fn from(v1::ListProjectsResponse { projects, next_cursor }: v1::ListProjectsResponse) -> Self {
        Self {
            items: projects.into_iter().map(Project::from).collect(),
            next_cursor: next(next_cursor),
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
