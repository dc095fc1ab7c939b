//! Tasks, read.
use diesel::{dsl::exists, prelude::*};
use diesel_async::RunQueryDsl;
use kit::{Db, Timestamp, on, read};
use uuid::Uuid;

use super::unit::Unit;
use crate::{
    Error,
    domain::{
        ProjectId, ScopeId, TaskId,
        names::{Priority, Status},
        task::Task,
    },
    schema::{task_labels, tasks},
};

diesel::define_sql_function! {
    /// Both databases have it.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// Which tasks a list holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) project: Option<ProjectId>,
    pub(crate) status: Vec<Status>,
    pub(crate) priority: Vec<Priority>,
    /// Folded; a task has to carry all.
    pub(crate) labels: Vec<String>,
    pub(crate) due_before: Option<Timestamp>,
    /// Lower case; a task has to hold all these words.
    pub(crate) words: Vec<String>,
}

/// How a list is ordered, and behind which task the page begins.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// By id, which is by creation.
    Created { descending: bool, after: Option<TaskId> },
    /// Those that are due, by when.
    Due { descending: bool, after: Option<(Timestamp, TaskId)> },
    /// Those that are not due at all, by creation.
    NeverDue { after: Option<TaskId> },
    /// As arranged by hand.
    Rank { descending: bool, after: Option<(String, TaskId)> },
}

/// One task that is not in the trash.
pub(crate) async fn get(db: &Db, scope: ScopeId, id: TaskId) -> Result<Task, Error> {
    let row = tasks::table.find((scope, id)).filter(tasks::trashed_at.is_null());
    let found =
        read!(db, "task.get", conn => row.select(Task::as_select()).first(conn).await.optional())?;
    found.ok_or(Error::TaskNotFound)
}

/// Narrows a boxed query of tasks: a macro, since the type of such a query is another on each backend.
macro_rules! narrowed {
    ($rows:ident, $scope:expr, $filter:expr) => {
        if let Some(project) = $filter.project {
            $rows = $rows.filter(tasks::project_id.eq(project));
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
            let pattern = pattern(word);
            let title = lower(tasks::title).like(pattern.clone()).escape('\\');
            $rows = $rows.filter(title.or(lower(tasks::description).like(pattern).escape('\\')));
        }
    };
}

/// Goes on behind the last of a page. `k <= c AND (k < c OR id < cid)` keeps to the index where a tuple would not.
macro_rules! ordered {
    ($rows:ident, $order:expr) => {
        match $order {
            Order::Created { descending: true, after } => {
                let first = after.unwrap_or(TaskId(Uuid::max()));
                $rows.filter(tasks::id.lt(first)).order(tasks::id.desc())
            }
            Order::Created { descending: false, after } => {
                let first = after.unwrap_or(TaskId(Uuid::nil()));
                $rows.filter(tasks::id.gt(first)).order(tasks::id.asc())
            }
            Order::NeverDue { after } => {
                let first = after.unwrap_or(TaskId(Uuid::nil()));
                $rows
                    .filter(tasks::due_at.is_null())
                    .filter(tasks::id.gt(first))
                    .order(tasks::id.asc())
            }
            Order::Due { descending: true, after } => {
                if let Some((at, id)) = *after {
                    let behind = tasks::due_at.lt(at).or(tasks::id.lt(id));
                    $rows = $rows.filter(tasks::due_at.le(at).and(behind));
                }
                $rows
                    .filter(tasks::due_at.is_not_null())
                    .order((tasks::due_at.desc(), tasks::id.desc()))
            }
            Order::Due { descending: false, after } => {
                if let Some((at, id)) = *after {
                    let behind = tasks::due_at.gt(at).or(tasks::id.gt(id));
                    $rows = $rows.filter(tasks::due_at.ge(at).and(behind));
                }
                $rows
                    .filter(tasks::due_at.is_not_null())
                    .order((tasks::due_at.asc(), tasks::id.asc()))
            }
            Order::Rank { descending: true, after } => {
                if let Some((rank, id)) = after {
                    let behind = tasks::rank.lt(rank).or(tasks::id.lt(*id));
                    $rows = $rows.filter(tasks::rank.le(rank).and(behind));
                }
                $rows.order((tasks::rank.desc(), tasks::id.desc()))
            }
            Order::Rank { descending: false, after } => {
                if let Some((rank, id)) = after {
                    let behind = tasks::rank.gt(rank).or(tasks::id.gt(*id));
                    $rows = $rows.filter(tasks::rank.ge(rank).and(behind));
                }
                $rows.order((tasks::rank.asc(), tasks::id.asc()))
            }
        }
    };
}

/// At most `limit` tasks of a scope.
pub(crate) async fn list(
    db: &Db,
    scope: ScopeId,
    filter: &Filter,
    order: &Order,
    limit: i64,
) -> Result<Vec<Task>, Error> {
    Ok(read!(db, "task.list", conn: Backend => {
        let rows = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::trashed_at.is_null());
        let mut rows = rows.select(Task::as_select()).limit(limit).into_boxed::<Backend>();
        narrowed!(rows, scope, filter);
        ordered!(rows, order).load(conn).await
    })?)
}

/// Texts that hold a word, for LIKE.
fn pattern(word: &str) -> String {
    format!("%{}%", word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// More than this is not touched by one request.
const MOST_AT_ONCE: i64 = 10_000;

impl Unit {
    /// All tasks below `id` that are not in the trash, nearest first.
    pub(crate) async fn descendants(&mut self, id: TaskId) -> Result<Vec<Task>, Error> {
        self.write_rows().await?;
        let (mut found, mut level): (Vec<Task>, _) = (vec![], vec![id]);
        while !level.is_empty() {
            let below = tasks::table
                .filter(tasks::scope_id.eq(self.scope.id))
                .filter(tasks::parent_id.eq_any(&level));
            let rows = below.filter(tasks::trashed_at.is_null()).limit(MOST_AT_ONCE + 1);
            let rows: Vec<Task> =
                on!(self.connection, conn => rows.select(Task::as_select()).load(conn).await)?;
            level = rows.iter().map(|row| row.id).collect();
            self.learn(rows.clone());
            found.extend(rows);
            bounded(&found)?;
        }
        Ok(found)
    }

    /// All tasks of a project that are not in the trash.
    pub(crate) async fn tasks_of(&mut self, project: ProjectId) -> Result<Vec<Task>, Error> {
        self.write_rows().await?;
        let rows = tasks::table
            .filter(tasks::scope_id.eq(self.scope.id))
            .filter(tasks::project_id.eq(project));
        let rows = rows.filter(tasks::trashed_at.is_null()).limit(MOST_AT_ONCE + 1);
        let rows: Vec<Task> =
            on!(self.connection, conn => rows.select(Task::as_select()).load(conn).await)?;
        self.learn(rows.clone());
        bounded(&rows)?;
        Ok(rows)
    }

    /// The rank of the sibling next to `rank` among those below `parent`, or at the top level of `project`.
    pub(crate) async fn neighbour(
        &mut self,
        project: ProjectId,
        parent: Option<TaskId>,
        rank: &str,
        below: bool,
        besides: TaskId,
    ) -> Result<Option<String>, Error> {
        self.write_rows().await?;
        let scope = self.scope.id;
        Ok(on!(self.connection, conn => {
            let siblings = tasks::table.filter(tasks::scope_id.eq(scope)).filter(tasks::project_id.eq(project));
            let siblings = siblings.filter(tasks::trashed_at.is_null()).filter(tasks::id.ne(besides)).select(tasks::rank).limit(1);
            match (parent, below) {
                (Some(parent), true) => siblings.filter(tasks::parent_id.eq(parent)).filter(tasks::rank.lt(rank))
                    .order(tasks::rank.desc()).first(conn).await,
                (Some(parent), false) => siblings.filter(tasks::parent_id.eq(parent)).filter(tasks::rank.gt(rank))
                    .order(tasks::rank.asc()).first(conn).await,
                (None, true) => siblings.filter(tasks::parent_id.is_null()).filter(tasks::rank.lt(rank))
                    .order(tasks::rank.desc()).first(conn).await,
                (None, false) => siblings.filter(tasks::parent_id.is_null()).filter(tasks::rank.gt(rank))
                    .order(tasks::rank.asc()).first(conn).await,
            }.optional()
        })?)
    }
}

fn bounded(rows: &[Task]) -> Result<(), Error> {
    if i64::try_from(rows.len()).is_ok_and(|count| count <= MOST_AT_ONCE) {
        Ok(())
    } else {
        Err(Error::TooMany(MOST_AT_ONCE))
    }
}
