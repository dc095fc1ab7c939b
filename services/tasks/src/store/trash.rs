//! The trash, read: what was deleted by one act shares a trash id, that of what was deleted.
use std::collections::HashMap;

use diesel::{dsl::count_star, prelude::*};
use diesel_async::RunQueryDsl;
use kit::{Db, Timestamp, on, read};

use super::unit::Unit;
use crate::{
    Error,
    domain::{ObjectId, ScopeId, names::ObjectType, project::Project, task::Task},
    schema::{projects, tasks},
};

/// What one act deleted.
#[derive(Clone, Debug)]
pub(crate) struct Trashed {
    pub(crate) id: ObjectId,
    pub(crate) object_type: ObjectType,
    pub(crate) title: String,
    pub(crate) deleted_at: Timestamp,
    /// How many objects, itself counted.
    pub(crate) size: i64,
}

type Row = (ObjectId, String, Option<Timestamp>);

/// At most `limit` acts of deletion, by the ids of what was deleted, behind `after`.
pub(crate) async fn list(
    db: &Db,
    scope: ScopeId,
    after: Option<ObjectId>,
    limit: i64,
) -> Result<Vec<Trashed>, Error> {
    let after = after.unwrap_or(ObjectId(uuid::Uuid::max()));
    let tasks = tasks::table
        .filter(tasks::scope_id.eq(scope))
        .filter(tasks::trash_id.eq(tasks::id.nullable()));
    let tasks = tasks.filter(tasks::id.lt(after)).order(tasks::id.desc()).limit(limit);
    let tasks = tasks.select((tasks::id, tasks::title, tasks::trashed_at));
    let projects = projects::table
        .filter(projects::scope_id.eq(scope))
        .filter(projects::trash_id.eq(projects::id.nullable()));
    let projects = projects.filter(projects::id.lt(after)).order(projects::id.desc()).limit(limit);
    let projects = projects.select((projects::id, projects::name, projects::trashed_at));
    let tasks: Vec<Row> = read!(db, "trash.tasks", conn => tasks.load(conn).await)?;
    let projects: Vec<Row> = read!(db, "trash.projects", conn => projects.load(conn).await)?;
    let mut rows: Vec<_> = tasks.into_iter().map(|row| (ObjectType::Task, row)).collect();
    rows.extend(projects.into_iter().map(|row| (ObjectType::Project, row)));
    rows.sort_by_key(|(_, (id, _, _))| std::cmp::Reverse(*id));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let sizes = sizes(db, scope, rows.iter().map(|(_, (id, _, _))| *id).collect()).await?;
    let trashed = rows.into_iter().map(|(object_type, (id, title, deleted_at))| {
        let tasks = sizes.get(&id).copied().unwrap_or(0);
        let size = tasks + i64::from(object_type == ObjectType::Project);
        Trashed {
            id,
            object_type,
            title,
            deleted_at: deleted_at.unwrap_or(Timestamp::from_seconds(0)),
            size,
        }
    });
    Ok(trashed.collect())
}

/// How many tasks each act deleted.
async fn sizes(
    db: &Db,
    scope: ScopeId,
    ids: Vec<ObjectId>,
) -> Result<HashMap<ObjectId, i64>, Error> {
    let rows = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::trash_id.eq_any(ids));
    let rows = rows.group_by(tasks::trash_id).select((tasks::trash_id, count_star()));
    let rows: Vec<(Option<ObjectId>, i64)> =
        read!(db, "trash.sizes", conn => rows.load(conn).await)?;
    Ok(rows.into_iter().filter_map(|(id, size)| Some((id?, size))).collect())
}

impl Unit {
    /// All that one act deleted: a project, if it was one, and tasks.
    pub(crate) async fn trashed(
        &mut self,
        id: ObjectId,
    ) -> Result<(Option<Project>, Vec<Task>), Error> {
        self.write_rows().await?;
        let scope = self.scope.id;
        let project =
            projects::table.filter(projects::scope_id.eq(scope)).filter(projects::trash_id.eq(id));
        let project: Option<Project> = on!(self.connection, conn => project.select(Project::as_select()).first(conn).await.optional())?;
        let rows = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::trash_id.eq(id));
        let rows: Vec<Task> =
            on!(self.connection, conn => rows.select(Task::as_select()).load(conn).await)?;
        self.learn(rows.clone());
        match (&project, rows.as_slice()) {
            (None, []) => Err(Error::TrashNotFound),
            _ => Ok((project, rows)),
        }
    }
}
