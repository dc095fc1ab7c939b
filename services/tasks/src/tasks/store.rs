//! Tasks in the database: what reads and writes them.
mod rows;

use diesel::{dsl::exists, prelude::*};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt as _;
use kit_base::Timestamp;
use kit_db::{Db, Limited, Plan, Statement, among, read, statement};

pub(crate) use self::rows::{fold_anew, foldings, unfolded};
use super::{
    error,
    row::{
        Task,
        names::{Priority, Status},
        task_labels, tasks,
    },
};
use crate::{
    Error,
    ids::{ProjectId, ScopeId, TaskId},
};

/// Which tasks a list holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) project: Option<ProjectId>,
    pub(crate) status: Vec<Status>,
    pub(crate) priority: Vec<Priority>,
    /// Folded; a task has to carry all.
    pub(crate) labels: Vec<String>,
    pub(crate) due_before: Option<Timestamp>,
    /// Folded; a task has to hold all these words.
    pub(crate) words: Vec<String>,
}

/// How a list is ordered, and behind which task the page begins.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// By when they were made.
    Created { descending: bool, after: Option<(Timestamp, TaskId)> },
    /// Those that are due, by when.
    Due { descending: bool, after: Option<(Timestamp, TaskId)> },
    /// Those that are not due at all, by creation.
    NeverDue { after: Option<(Timestamp, TaskId)> },
    /// As arranged by hand.
    Rank { descending: bool, after: Option<(String, TaskId)> },
}

/// Tasks that are asked for at the same time, read together.
pub(crate) type Lookup = kit_db::Lookup<(ScopeId, TaskId), Task>;

/// Of the tasks that are not in the trash.
pub(crate) fn lookup(db: Db) -> Lookup {
    Lookup::new(db, |db, keys| {
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

/// Narrows a boxed query of tasks: a macro, since the type of such a query is another on each backend.
macro_rules! narrowed {
    ($rows:ident, $plan:expr, $scope:expr, $filter:expr) => {
        if let Some(project) = $filter.project {
            $rows = $rows.filter(tasks::project_id.eq($plan.bind(project)));
        }
        if !$filter.status.is_empty() {
            $rows = $rows
                .filter(tasks::status.eq_any($filter.status.iter().map(|status| status.name())));
        }
        if !$filter.priority.is_empty() {
            let names = $filter.priority.iter().map(|priority| priority.name());
            $rows = $rows.filter(tasks::priority.eq_any(names));
        }
        if let Some(before) = $filter.due_before {
            $rows = $rows.filter(tasks::due_at.lt(before));
        }
        for label in &$filter.labels {
            let carried = task_labels::table.filter(task_labels::scope_id.eq($scope));
            let carried = carried.filter(task_labels::task_id.eq(tasks::id));
            $rows = $rows.filter(exists(carried.filter(task_labels::label.eq(label))));
        }
        for word in &$filter.words {
            $rows = $rows.filter(tasks::folded.like(pattern(word)).escape('\\'));
        }
    };
}

/// Goes on behind the last of a page. `k <= c AND (k < c OR id < cid)` keeps to the index where a tuple would not.
macro_rules! ordered {
    ($rows:ident, $plan:expr, $order:expr) => {
        match $order {
            Order::Created { descending: true, after } => {
                if let Some((at, id)) = *after {
                    let behind =
                        tasks::created_at.lt($plan.bind(at)).or(tasks::id.lt($plan.bind(id)));
                    $rows = $rows.filter(tasks::created_at.le($plan.bind(at)).and(behind));
                }
                $rows.order((tasks::created_at.desc(), tasks::id.desc()))
            }
            Order::Created { descending: false, after } => {
                if let Some((at, id)) = *after {
                    let behind =
                        tasks::created_at.gt($plan.bind(at)).or(tasks::id.gt($plan.bind(id)));
                    $rows = $rows.filter(tasks::created_at.ge($plan.bind(at)).and(behind));
                }
                $rows.order((tasks::created_at.asc(), tasks::id.asc()))
            }
            Order::NeverDue { after } => {
                if let Some((at, id)) = *after {
                    let behind =
                        tasks::created_at.gt($plan.bind(at)).or(tasks::id.gt($plan.bind(id)));
                    $rows = $rows.filter(tasks::created_at.ge($plan.bind(at)).and(behind));
                }
                $rows
                    .filter(tasks::due_at.is_null())
                    .order((tasks::created_at.asc(), tasks::id.asc()))
            }
            Order::Due { descending: true, after } => {
                if let Some((at, id)) = *after {
                    let behind = tasks::due_at.lt($plan.bind(at)).or(tasks::id.lt($plan.bind(id)));
                    $rows = $rows.filter(tasks::due_at.le($plan.bind(at)).and(behind));
                }
                $rows
                    .filter(tasks::due_at.is_not_null())
                    .order((tasks::due_at.desc(), tasks::id.desc()))
            }
            Order::Due { descending: false, after } => {
                if let Some((at, id)) = *after {
                    let behind = tasks::due_at.gt($plan.bind(at)).or(tasks::id.gt($plan.bind(id)));
                    $rows = $rows.filter(tasks::due_at.ge($plan.bind(at)).and(behind));
                }
                $rows
                    .filter(tasks::due_at.is_not_null())
                    .order((tasks::due_at.asc(), tasks::id.asc()))
            }
            Order::Rank { descending: true, after } => {
                if let Some((rank, id)) = after {
                    let behind = tasks::rank.lt($plan.bind(rank)).or(tasks::id.lt($plan.bind(*id)));
                    $rows = $rows.filter(tasks::rank.le($plan.bind(rank)).and(behind));
                }
                $rows.order((tasks::rank.desc(), tasks::id.desc()))
            }
            Order::Rank { descending: false, after } => {
                if let Some((rank, id)) = after {
                    let behind = tasks::rank.gt($plan.bind(rank)).or(tasks::id.gt($plan.bind(*id)));
                    $rows = $rows.filter(tasks::rank.ge($plan.bind(rank)).and(behind));
                }
                $rows.order((tasks::rank.asc(), tasks::id.asc()))
            }
        }
    };
}

/// A page follows the index of its order, unless a filter may leave so little that this is sorted sooner.
fn plan(filter: &Filter, order: &Order) -> Plan {
    let Filter { project, status: _, priority: _, labels, due_before, words } = filter;
    let in_order = project.is_none() || matches!(order, Order::Rank { .. });
    match in_order && labels.is_empty() && due_before.is_none() && words.is_empty() {
        true => Plan::General,
        false => Plan::ByValue,
    }
}

/// At most `limit` tasks of a scope.
pub(crate) async fn list(
    db: &Db,
    scope: ScopeId,
    filter: &Filter,
    order: &Order,
    limit: i64,
) -> Result<Vec<Task>, Error> {
    let plan = plan(filter, order);
    Ok(read!(db, "task.list", conn: Backend => {
        let rows = tasks::table.filter(tasks::scope_id.eq(plan.bind(scope))).filter(tasks::trashed_at.is_null());
        let mut rows = rows.select(Task::as_select()).into_boxed::<Backend>();
        narrowed!(rows, plan, scope, filter);
        Limited(ordered!(rows, plan, order), limit).load(conn).await
    })?)
}

/// Texts that hold a word, for LIKE.
fn pattern(word: &str) -> String {
    format!("%{}%", word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// More than this is not touched by one request.
pub(crate) const MOST_AT_ONCE: i64 = 10_000;

/// The tasks right below any of these that are not in the trash, one more than may be touched at once.
pub(crate) fn below(scope: ScopeId, parents: Vec<TaskId>) -> Statement<Vec<Task>> {
    let rows =
        tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::parent_id.eq_any(parents));
    let rows = rows.filter(tasks::trashed_at.is_null()).limit(MOST_AT_ONCE + 1);
    statement!(conn => rows.select(Task::as_select()).load(conn).await)
}

/// The tasks of a project that are not in the trash, one more than may be touched at once.
pub(crate) fn in_project(scope: ScopeId, project: ProjectId) -> Statement<Vec<Task>> {
    let rows = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::project_id.eq(project));
    let rows = rows.filter(tasks::trashed_at.is_null()).limit(MOST_AT_ONCE + 1);
    statement!(conn => rows.select(Task::as_select()).load(conn).await)
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
) -> Statement<Vec<Task>> {
    statement!(conn => {
        let rows = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::project_id.eq(project));
        let rows = rows.filter(tasks::trashed_at.is_null()).select(Task::as_select()).limit(limit);
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_an_index_orders_has_one_plan_and_what_a_filter_leaves_has_its_own() {
        let (created, by_rank) = (
            Order::Created { descending: true, after: None },
            Order::Rank { descending: false, after: None },
        );
        let project = Some(ProjectId(Uuid::from_u128(7)));
        let status = vec![Status::NeedsAction];
        let narrow = |filter: Filter| (plan(&filter, &created), plan(&filter, &by_rank));
        let (kept, fresh) = (Plan::General, Plan::ByValue);
        assert_eq!(narrow(Filter { status, ..Filter::default() }), (kept, kept));
        assert_eq!(narrow(Filter { project, ..Filter::default() }), (fresh, kept));
        for filter in [
            Filter { labels: vec!["home".to_owned()], ..Filter::default() },
            Filter { words: vec!["ship".to_owned()], ..Filter::default() },
            Filter { due_before: Some(Timestamp::from_seconds(1)), ..Filter::default() },
        ] {
            assert_eq!(narrow(Filter { project, ..filter }), (fresh, fresh));
        }
    }
}
