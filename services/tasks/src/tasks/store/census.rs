//! The open tasks of all, counted.
use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Double, Text},
};
use diesel_async::RunQueryDsl as _;
use kit_base::Timestamp;
use kit_db::{Db, search, sql::Instant};

use crate::{Error, tasks::row::names::Status};

/// Of more rows than this some are looked at, and the rest is estimated: a count must not take longer with each year.
const MOST: f64 = 200_000.0;

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) needs_action: i64,
    pub(crate) in_process: i64,
    /// Of both.
    pub(crate) overdue: i64,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    open: i64,
    #[diesel(sql_type = BigInt)]
    overdue: i64,
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = Double)]
    rows: f64,
}

/// Counts them, those that are due before `now` as overdue. Crosses all scopes, and tells of none.
pub(crate) async fn count(db: &Db, now: Timestamp) -> Result<Census, Error> {
    take_of(db, now, MOST).await
}

async fn take_of(db: &Db, now: Timestamp, most: f64) -> Result<Census, Error> {
    let share = match db {
        Db::Postgres(_) => (most / rows(db).await?.max(1.0)).min(1.0),
        Db::Sqlite(_) => 1.0,
    };
    // Whole blocks by chance; all of them where all are to be looked at.
    let sample = if share < 1.0 {
        format!(" TABLESAMPLE SYSTEM ({})", share * 100.0)
    } else {
        String::new()
    };
    let query = format!(
        "SELECT status, count(*) AS open, count(CASE WHEN due_at < $1 THEN 1 END) AS overdue FROM tasks{sample} \
         WHERE trashed_at IS NULL AND status IN ('{}', '{}') GROUP BY status",
        Status::NeedsAction.name(),
        Status::InProcess.name(),
    );
    let query = sql_query(query).bind::<Instant, _>(now);
    let counted: Vec<Counted> = search!(db, "task.census", conn => query.load(conn).await)?;
    let of_all = |count: i64| (count as f64 / share).round() as i64;
    let open = |status: Status| {
        let of_status = counted.iter().filter(|counted| counted.status == status.name());
        of_all(of_status.map(|counted| counted.open).sum())
    };
    Ok(Census {
        needs_action: open(Status::NeedsAction),
        in_process: open(Status::InProcess),
        overdue: of_all(counted.iter().map(|counted| counted.overdue).sum()),
    })
}

/// How many there are about, as PostgreSQL thinks.
async fn rows(db: &Db) -> Result<f64, Error> {
    let query =
        sql_query("SELECT reltuples::float8 AS rows FROM pg_class WHERE oid = 'tasks'::regclass");
    let found: Vec<Rows> = search!(db, "task.rows", conn => query.load(conn).await)?;
    Ok(found.iter().map(|found| found.rows).sum())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kit_db::testing::Backend;

    use super::*;
    use crate::{
        ids::TaskId,
        migrations::tests::Store,
        tasks::{
            rules::{TaskFields, due::Due},
            write::Write,
        },
    };

    kit_db::on_each_backend!(what_is_open_is_counted_and_what_is_over_is_not);

    async fn creates(store: &Store, number: u128, status: Status, due: Option<Timestamp>) {
        let local = "2026-09-01T09:00:00".to_owned();
        let due = due.map(|at| Due { local, zone: None, at });
        let title = Some(number.to_string());
        let fields =
            TaskFields { title, status: Some(status), due: Some(due), ..TaskFields::default() };
        let id = Some(TaskId(uuid::Uuid::from_u128(number)));
        let new = Write::Create { id, project: None, parent: None, fields: Box::new(fields) };
        store.carries_out(new).await.unwrap();
    }

    async fn what_is_open_is_counted_and_what_is_over_is_not(backend: Backend) {
        let store = Store::new(backend).await;
        assert_eq!(count(&store.db, store.clock.now()).await.unwrap(), Census::default());
        let now = store.clock.now();
        let [before, after] = [now.minus(Duration::from_secs(1)), now.plus(Duration::from_secs(1))];
        for (number, status, due) in [
            (1, Status::NeedsAction, None),
            (2, Status::NeedsAction, Some(before)),
            (3, Status::NeedsAction, Some(after)),
            (4, Status::InProcess, Some(before)),
            (5, Status::Completed, Some(before)),
            (6, Status::Cancelled, None),
            (7, Status::NeedsAction, Some(before)),
        ] {
            creates(&store, number, status, due).await;
        }
        let gone = TaskId(uuid::Uuid::from_u128(7));
        store.carries_out(Write::Delete { id: gone, if_version: None }).await.unwrap();
        let expected = Census { needs_action: 3, in_process: 1, overdue: 2 };
        assert_eq!(count(&store.db, now).await.unwrap(), expected);
    }

    /// SQLite has no table of many people's tasks.
    #[tokio::test]
    #[ignore = "needs PostgreSQL: scripts/test"]
    async fn of_many_tasks_some_are_counted_and_the_rest_is_estimated() {
        let store = Store::new(Backend::Postgres).await;
        creates(&store, 1, Status::NeedsAction, None).await;
        let columns = "project_id, title, description, status, priority, labels, rank, version, created_at, created_by, updated_at, folded, folded_version";
        store
            .runs(format!(
                "INSERT INTO tasks (scope_id, id, {columns}) SELECT scope_id, gen_random_uuid(), {columns} FROM tasks, generate_series(1, 9999); ANALYZE tasks"
            ))
            .await;
        let counted =
            async |most| take_of(&store.db, store.clock.now(), most).await.unwrap().needs_action;
        assert_eq!(counted(20_000.0).await, 10_000);
        let estimated = counted(5_000.0).await;
        assert!((7_000..13_000).contains(&estimated) && estimated != 10_000, "{estimated}");
    }
}
