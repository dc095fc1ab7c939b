//! Projects, read.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit::{Db, read};

use crate::{
    Error,
    domain::{ProjectId, ScopeId, project::Project},
    schema::projects,
};

/// One project that is not in the trash.
pub(crate) async fn get(db: &Db, scope: ScopeId, id: ProjectId) -> Result<Project, Error> {
    let row = projects::table.find((scope, id)).filter(projects::trashed_at.is_null());
    let found = read!(db, "project.get", conn => row.select(Project::as_select()).first(conn).await.optional())?;
    found.ok_or(Error::ProjectNotFound)
}

/// At most `limit` projects in their order, behind `after`.
pub(crate) async fn list(
    db: &Db,
    scope: ScopeId,
    archived: Option<bool>,
    after: Option<(String, ProjectId)>,
    limit: i64,
) -> Result<Vec<Project>, Error> {
    Ok(read!(db, "project.list", conn: Backend => {
        let rows = projects::table.filter(projects::scope_id.eq(scope)).filter(projects::trashed_at.is_null());
        let mut rows = rows.select(Project::as_select()).limit(limit).into_boxed::<Backend>();
        match archived {
            Some(true) => rows = rows.filter(projects::archived_at.is_not_null()),
            Some(false) => rows = rows.filter(projects::archived_at.is_null()),
            None => {}
        }
        if let Some((rank, id)) = &after {
            rows = rows.filter(projects::rank.ge(rank).and(projects::rank.gt(rank).or(projects::id.gt(*id))));
        }
        rows.order((projects::rank.asc(), projects::id.asc())).load(conn).await
    })?)
}
