//! Pages of tasks: which, in which order, and how they are asked for.
use diesel::{
    dsl::{exists, sql},
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Text},
    sqlite::Sqlite,
};
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{Db, Limited, Plan, read, search};

use crate::{
    Error,
    ids::{ProjectId, ScopeId, TaskId},
    tasks::{
        error,
        row::{
            Task,
            names::{Priority, Status},
            task_labels, tasks,
        },
    },
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

impl Filter {
    /// Whether more may have to be read than the page holds: what is let through need not stand together in the order.
    pub(crate) fn searches(&self, order: &Order) -> bool {
        !self.status.is_empty() || !self.priority.is_empty() || plan(self, order) == Plan::ByValue
    }
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

/// Narrows a boxed query of tasks: a macro, since the type of such a query is another on each backend.
macro_rules! narrowed {
    ($rows:ident, $backend:ident, $plan:expr, $scope:expr, $filter:expr) => {
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
        if !$filter.words.is_empty() {
            let words = serde_json::json!($filter.words).to_string();
            let held = sql::<Bool>(<$backend as Within>::BEGIN).bind::<Text, _>(words);
            $rows = $rows.filter(held.sql(<$backend as Within>::END));
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

/// A page, by `read!` or `search!`.
macro_rules! page {
    ($by:ident, $name:literal, $db:expr, $scope:expr, $filter:expr, $order:expr, $limit:expr) => {{
        let plan = plan($filter, $order);
        $by!($db, $name, conn: Backend => {
            let rows = tasks::table.filter(tasks::scope_id.eq(plan.bind($scope)));
            let rows = rows.filter(tasks::trashed_at.is_null());
            let mut rows = rows.select(Task::as_select()).into_boxed::<Backend>();
            narrowed!(rows, Backend, plan, $scope, $filter);
            let rows = Limited(ordered!(rows, plan, $order), $limit).load_stream(conn).await;
            kit_db::page(rows, Task::bytes).await
        })
    }};
}

/// At most `limit` tasks of a scope, read `apart` from what others read, or among it.
pub(crate) async fn list(
    db: &Db,
    scope: ScopeId,
    filter: &Filter,
    order: &Order,
    limit: i64,
    apart: bool,
) -> Result<Vec<Task>, Error> {
    if !apart {
        return Ok(page!(read, "task.list", db, scope, filter, order, limit)?);
    }
    match page!(search, "task.search", db, scope, filter, order, limit) {
        Err(kit_db::Error::GivenUp(_)) => Err(error::Error::SearchTooSlow.into()),
        found => Ok(found?),
    }
}

/// How a database is asked whether each of some words, a JSON array, stands in the folded ones. Unlike LIKE, what looks for a word does not go
/// back in a text for each letter that it has seen: a word of 300 equal letters in 150 large tasks took SQLite 22 s.
trait Within {
    /// All that stands before the words.
    const BEGIN: &'static str;
    /// All that stands behind them.
    const END: &'static str;
}

impl Within for Pg {
    /// The text is made of what is stored once for all words: to put it together from its pieces takes longer than to look through it.
    const BEGIN: &'static str = "NOT EXISTS (SELECT FROM (SELECT tasks.folded || '' AS text OFFSET 0) AS held, \
                                 jsonb_array_elements_text(CAST(";
    const END: &'static str = " AS jsonb)) AS word WHERE strpos(held.text, word) = 0)";
}

impl Within for Sqlite {
    const BEGIN: &'static str = "NOT EXISTS (SELECT 1 FROM json_each(";
    const END: &'static str = ") AS word WHERE instr(tasks.folded, word.value) = 0)";
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
    #[test]
    fn whatever_may_read_more_than_it_shows_is_a_search() {
        let orders = [
            Order::Created { descending: true, after: None },
            Order::Due { descending: false, after: None },
            Order::NeverDue { after: None },
            Order::Rank { descending: false, after: None },
        ];
        let project = Some(ProjectId(Uuid::from_u128(7)));
        let searches = |filter: &Filter| orders.each_ref().map(|order| filter.searches(order));
        assert_eq!(searches(&Filter::default()), [false; 4]);
        assert_eq!(searches(&Filter { project, ..Filter::default() }), [true, true, true, false]);
        for filter in [
            Filter { status: vec![Status::NeedsAction], ..Filter::default() },
            Filter { priority: vec![Priority::High], ..Filter::default() },
            Filter { labels: vec!["home".to_owned()], ..Filter::default() },
            Filter { words: vec!["ship".to_owned()], ..Filter::default() },
        ] {
            assert_eq!(searches(&filter), [true; 4], "{filter:?}");
            assert_eq!(searches(&Filter { project, ..filter }), [true; 4]);
        }
    }
}
