//! Tasks in the database: what reads and writes them.
pub(crate) mod census;
mod pages;
mod rows;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::FutureExt as _;
use kit_db::{Db, Statement, among, read, statement};

pub(crate) use self::{
    pages::{Filter, Order, list},
    rows::{fold_anew, foldings, unfolded},
};
use super::{
    error,
    row::{Task, node::Node, tasks},
};
use crate::{
    Error,
    ids::{ProjectId, ScopeId, TaskId},
};

/// Tasks that are asked for at the same time, read together.
pub(crate) type Lookup = kit_db::Lookup<(ScopeId, TaskId), Task>;

/// Of the tasks that are not in the trash.
pub(crate) fn lookup(db: Db) -> Lookup {
    Lookup::new(db, "task.get", |db, keys| {
        async move {
            let rows = tasks::table.filter(among((tasks::scope_id, tasks::id), keys));
            let rows = rows.filter(tasks::trashed_at.is_null());
            let found =
                read!(&db, "task.get", conn => rows.select(Task::as_select()).load(conn).await)?;
            Ok(found.into_iter().map(|task| ((task.scope_id, task.id), task)).collect())
        }
        .boxed()
    })
}

/// One task that is not in the trash.
pub(crate) async fn get(tasks: &Lookup, scope: ScopeId, id: TaskId) -> Result<Task, Error> {
    Ok(tasks.find((scope, id)).await?.ok_or(error::Error::NotFound)?)
}

/// More than this is not touched by one request.
pub(crate) const MOST_AT_ONCE: i64 = 10_000;

/// The tasks right below any of these that are not in the trash, one more than may be touched at once.
pub(crate) fn below(scope: ScopeId, parents: Vec<TaskId>) -> Statement<Vec<Node>> {
    let rows =
        tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::parent_id.eq_any(parents));
    let rows = rows.filter(tasks::trashed_at.is_null()).limit(MOST_AT_ONCE + 1);
    statement!(conn => rows.select(Node::as_select()).load(conn).await)
}

/// The tasks of a project that are not in the trash, one more than may be touched at once.
pub(crate) fn in_project(scope: ScopeId, project: ProjectId) -> Statement<Vec<Node>> {
    let rows = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::project_id.eq(project));
    let rows = rows.filter(tasks::trashed_at.is_null()).limit(MOST_AT_ONCE + 1);
    statement!(conn => rows.select(Node::as_select()).load(conn).await)
}

/// A place among siblings: those below a task, or at the top level of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Siblings {
    pub(crate) project: ProjectId,
    pub(crate) parent: Option<TaskId>,
}

/// At most `limit` siblings on one side of a rank, nearest first.
pub(crate) fn siblings(
    scope: ScopeId,
    Siblings { project, parent }: Siblings,
    rank: String,
    side: Side,
    limit: i64,
) -> Statement<Vec<Node>> {
    statement!(conn => {
        let rows = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::project_id.eq(project));
        let rows = rows.filter(tasks::trashed_at.is_null()).select(Node::as_select()).limit(limit);
        match (parent, side) {
            (Some(parent), Side::Before) => rows.filter(tasks::parent_id.eq(parent)).filter(tasks::rank.lt(rank))
                .order((tasks::rank.desc(), tasks::id.desc())).load(conn).await,
            (Some(parent), Side::Behind) => rows.filter(tasks::parent_id.eq(parent)).filter(tasks::rank.gt(rank))
                .order((tasks::rank.asc(), tasks::id.asc())).load(conn).await,
            (None, Side::Before) => rows.filter(tasks::parent_id.is_null()).filter(tasks::rank.lt(rank))
                .order((tasks::rank.desc(), tasks::id.desc())).load(conn).await,
            (None, Side::Behind) => rows.filter(tasks::parent_id.is_null()).filter(tasks::rank.gt(rank))
                .order((tasks::rank.asc(), tasks::id.asc())).load(conn).await,
        }
    })
}

/// A side of a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    Behind,
}
