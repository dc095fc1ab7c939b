//! The trash, read: what was deleted by one act shares a trash id, that of what was deleted.
use std::collections::HashMap;

use diesel::{dsl::count_star, prelude::*};
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{Db, Limited, Plan, Statement, search, statement};

use crate::{
    Error,
    ids::{ObjectId, ScopeId},
    journal::rows::Row as _,
    projects::row::{Project, projects},
    tasks::row::{Task, node::Node, tasks},
};

/// What one act deleted.
#[derive(Clone, Debug)]
pub(crate) struct Trashed {
    pub(crate) id: ObjectId,
    /// What the journal calls it.
    pub(crate) object_type: &'static str,
    pub(crate) title: String,
    pub(crate) deleted_at: Timestamp,
    /// How many objects, itself counted.
    pub(crate) size: i64,
}

impl Trashed {
    /// About how many bytes it says.
    pub(crate) fn bytes(&self) -> usize {
        self.title.len()
    }
}

type Row = (ObjectId, String, Timestamp);

/// At most `limit` acts of deletion, the latest first, behind `after`.
pub(crate) async fn list(
    db: &Db,
    scope: ScopeId,
    after: Option<(Timestamp, ObjectId)>,
    limit: i64,
) -> Result<Vec<Trashed>, Error> {
    let plan = Plan::General;
    let tasks: Vec<Row> = search!(db, "trash.tasks", conn: Backend => {
        let rows = tasks::table.filter(tasks::scope_id.eq(plan.bind(scope))).filter(tasks::trash_id.eq(tasks::id.nullable()));
        let rows = rows.select((tasks::id, tasks::title, tasks::trashed_at.assume_not_null()));
        let mut rows = rows.order((tasks::trashed_at.desc(), tasks::id.desc())).into_boxed::<Backend>();
        if let Some((at, id)) = after {
            rows = rows.filter(tasks::trashed_at.le(plan.bind(at)).and(tasks::trashed_at.lt(plan.bind(at)).or(tasks::id.nullable().lt(plan.bind(id)))));
        }
        Limited(rows, limit).load(conn).await
    })?;
    let projects: Vec<Row> = search!(db, "trash.projects", conn: Backend => {
        let rows = projects::table.filter(projects::scope_id.eq(plan.bind(scope))).filter(projects::trash_id.eq(projects::id.nullable()));
        let rows = rows.select((projects::id, projects::name, projects::trashed_at.assume_not_null()));
        let mut rows = rows.order((projects::trashed_at.desc(), projects::id.desc())).into_boxed::<Backend>();
        if let Some((at, id)) = after {
            rows = rows.filter(projects::trashed_at.le(plan.bind(at)).and(projects::trashed_at.lt(plan.bind(at)).or(projects::id.nullable().lt(plan.bind(id)))));
        }
        Limited(rows, limit).load(conn).await
    })?;
    let tasks = tasks.into_iter().map(|row| (Task::TYPE, row));
    let projects = projects.into_iter().map(|row| (Project::TYPE, row));
    let mut rows: Vec<_> = tasks.chain(projects).collect();
    rows.sort_by_key(|(_, (id, _, deleted_at))| std::cmp::Reverse((*deleted_at, *id)));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let sizes = sizes(db, scope, rows.iter().map(|(_, (id, _, _))| *id).collect()).await?;
    let trashed = rows.into_iter().map(|(object_type, (id, title, deleted_at))| {
        let tasks = sizes.get(&id).copied().unwrap_or(0);
        let size = tasks + i64::from(object_type == Project::TYPE);
        Trashed { id, object_type, title, deleted_at, size }
    });
    Ok(trashed.collect())
}

/// How many tasks each act deleted: all that are in the trash are counted, and they may be as many as a scope may have.
async fn sizes(
    db: &Db,
    scope: ScopeId,
    ids: Vec<ObjectId>,
) -> Result<HashMap<ObjectId, i64>, Error> {
    let rows = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::trash_id.eq_any(ids));
    let rows = rows.group_by(tasks::trash_id).select((tasks::trash_id, count_star()));
    let rows: Vec<(Option<ObjectId>, i64)> =
        search!(db, "trash.sizes", conn => rows.load(conn).await)?;
    Ok(rows.into_iter().filter_map(|(id, size)| Some((id?, size))).collect())
}

/// All tasks that one act deleted.
pub(crate) fn tasks(scope: ScopeId, id: ObjectId) -> Statement<Vec<Node>> {
    let rows = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::trash_id.eq(id));
    statement!(conn => rows.select(Node::as_select()).load(conn).await)
}

/// What was deleted between two moments, oldest first: at most `most` acts.
pub(crate) async fn deleted(
    db: &Db,
    (after, before): (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<(Timestamp, ScopeId, ObjectId)>, Error> {
    let tasks = tasks::table
        .filter(tasks::trashed_at.gt(after))
        .filter(tasks::trashed_at.lt(before))
        .filter(tasks::trash_id.eq(tasks::id.nullable()));
    let tasks = tasks.select((tasks::trashed_at, tasks::scope_id, tasks::id));
    let tasks = tasks.order(tasks::trashed_at).limit(most);
    let projects = projects::table
        .filter(projects::trashed_at.gt(after))
        .filter(projects::trashed_at.lt(before))
        .select((projects::trashed_at, projects::scope_id, projects::id))
        .order(projects::trashed_at)
        .limit(most);
    let mut old: Vec<(Option<Timestamp>, ScopeId, ObjectId)> =
        search!(db, "trash.old_tasks", conn => tasks.load(conn).await)?;
    let projects: Vec<(Option<Timestamp>, ScopeId, ObjectId)> =
        search!(db, "trash.old_projects", conn => projects.load(conn).await)?;
    old.extend(projects);
    old.sort_unstable_by_key(|(trashed_at, ..)| *trashed_at);
    old.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let is_old = |(at, scope, id): (Option<Timestamp>, _, _)| Some((at?, scope, id));
    Ok(old.into_iter().filter_map(is_old).collect())
}
