mod purging;

use std::sync::Mutex;

use kit_base::testing::eventually;
use kit_db::testing::Backend;

use super::*;
use crate::{
    ids::{ProjectId, TaskId},
    journal::change::{Change, Operation},
    migrations::tests::Store,
    projects,
    tasks::{self, rules::TaskFields},
};

kit_db::on_each_backend!(
    what_is_old_in_the_journal_goes_and_what_is_young_stays,
    the_journal_loses_its_beginning_alone_whatever_clocks_said,
    all_that_is_old_goes_in_one_pass_however_much_it_is,
    an_erasing_that_was_broken_off_is_finished_and_forgotten,
    each_kind_is_kept_as_long_as_its_own_setting_says,
);

const DAY: Duration = Duration::from_secs(24 * 3600);

fn task(number: u128) -> TaskId {
    TaskId(Uuid::from_u128(number))
}

fn new(id: TaskId, project: Option<ProjectId>) -> tasks::write::Write {
    let title = Some(id.to_string());
    let fields = Box::new(TaskFields { title, ..TaskFields::default() });
    tasks::write::Write::Create { id: Some(id), project, parent: None, fields }
}

fn delete(id: TaskId) -> tasks::write::Write {
    tasks::write::Write::Delete { id, if_version: None }
}

async fn changes(store: &Store) -> Vec<Change> {
    journal::store::changes_after(&store.db, store.scope, 0, 99, false).await.unwrap()
}

async fn purges(store: &Store) -> Vec<Change> {
    let mut changes = changes(store).await;
    changes.retain(|change| change.operation == Operation::Purge.name());
    changes
}

async fn in_trash(store: &Store) -> Vec<Uuid> {
    let items = trash::store::list(&store.db, store.scope, None, 99).await.unwrap();
    items.into_iter().map(|item| item.id.0).collect()
}

async fn purge_all(store: &Store, stop: &Stop) -> Result<(), Error> {
    let old = store.clock.now().minus(DAY);
    purge(ACTS, (&store.db, &store.writer), old, stop).await.map(drop)
}

async fn what_is_old_in_the_journal_goes_and_what_is_young_stays(backend: Backend) {
    let store = Store::new(backend).await;
    store.carries_out_once("old", new(task(10), None)).await;
    store.clock.advance(DAY);
    store.carries_out_once("young", new(task(11), None)).await;
    let now = store.clock.now();
    let sweep = async |before| {
        let keys = journal::store::sweep_keys(&store.db, before).await.unwrap();
        (keys, journal::store::sweep_changes(&store.db, before).await.unwrap())
    };
    assert_eq!(sweep(now.minus(DAY)).await, (0, 0), "they are not older");
    // The Inbox and the first task.
    assert_eq!(sweep(now).await, (1, 2));
    let left: Vec<_> = changes(&store).await.iter().map(|change| change.sequence).collect();
    assert_eq!(left, [3]);
    // What its key still stands for is answered, what another stands for is done.
    store.carries_out_once("young", new(task(11), None)).await;
    store.carries_out_once("old", new(task(12), None)).await;
    assert_eq!(changes(&store).await.len(), 2);
}

async fn the_journal_loses_its_beginning_alone_whatever_clocks_said(backend: Backend) {
    let store = Store::new(backend).await;
    store.clock.advance(DAY);
    for id in 10..13 {
        store.carries_out(new(task(id), None)).await.unwrap();
    }
    // A replica whose clock is behind wrote the last but one.
    let first = "(SELECT at FROM journal WHERE sequence = 1)";
    store.runs(format!("UPDATE journal SET at = {first} WHERE sequence = 3")).await;
    let before = store.clock.now();
    assert_eq!(journal::store::sweep_changes(&store.db, before).await.unwrap(), 1);
    assert_eq!(journal::store::sweep_changes(&store.db, before).await.unwrap(), 0);
    let left: Vec<_> = changes(&store).await.iter().map(|change| change.sequence).collect();
    assert_eq!(left, [2, 3, 4]);
    // However many there are behind one that is young, they keep none of another scope: of one whose id is that of a task here.
    let later = match backend {
        Backend::Sqlite => "at + 1",
        Backend::Postgres => "at + interval '1 microsecond'",
    };
    let rest = "actor_id, session_id, request_id, trace_id, object_type, object_id, object_version, operation, changes";
    for (scope, at, most) in [("scope_id", "at", 1_100), ("object_id", later, 1)] {
        let numbers = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {most}) SELECT n FROM numbers"
        );
        let copies = format!(
            "INSERT INTO journal (scope_id, sequence, at, {rest}) SELECT {scope}, 100 + n, {at}, {rest} FROM journal, ({numbers}) AS more \
             WHERE sequence = 3"
        );
        store.runs(copies).await;
    }
    assert_eq!(journal::store::sweep_changes(&store.db, before).await.unwrap(), 1);
    assert_eq!(journal::store::sweep_changes(&store.db, before).await.unwrap(), 0);
}

async fn all_that_is_old_goes_in_one_pass_however_much_it_is(backend: Backend) {
    let store = Store::new(backend).await;
    store.carries_out_once("old", new(task(10), None)).await;
    let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1234) SELECT n FROM numbers";
    let more = format!(
        "INSERT INTO idempotency_keys SELECT scope_id, user_id, key || n, fingerprint, reply, created_at FROM idempotency_keys, ({numbers}) AS more"
    );
    store.runs(more).await;
    store.clock.advance(DAY);
    store.carries_out_once("young", new(task(11), None)).await;
    let (stop, now, swept) = (Stop::new(), store.clock.now(), Mutex::new(vec![]));
    // A sibling sweeps at the same time.
    let sweep = || async {
        let some = journal::store::sweep_keys(&store.db, now).await?;
        swept.lock().unwrap().push(some);
        Ok::<_, Error>(some)
    };
    let until = (&store.clock, &stop);
    let (one, other) =
        tokio::join!(until_none("swept", until, sweep), until_none("swept", until, sweep));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let swept = swept.into_inner().unwrap();
    assert_eq!(swept.iter().sum::<usize>(), 1235);
    assert!(swept.iter().all(|some| *some <= 500), "in one transaction: {swept:?}");
}

async fn an_erasing_that_was_broken_off_is_finished_and_forgotten(backend: Backend) {
    let store = Store::new(backend).await;
    store.carries_out(new(task(10), None)).await.unwrap();
    store.carries_out(delete(task(10))).await.unwrap();
    let user = UserId(store.scope.0);
    access::store::mark_erased(&store.db, &store.clock, user).await.unwrap();
    store.clock.advance(2 * DAY);
    purge_all(&store, &Stop::new()).await.unwrap();
    let now = store.clock.now();
    let marked = async || access::store::sequences(&store.db, &[store.scope]).await.unwrap().len();
    access::write::finish(&store.db, crate::kinds(), now.minus(2 * DAY)).await.unwrap();
    assert_eq!((changes(&store).await.len(), marked().await), (3, 1), "it may go on yet");
    access::write::finish(&store.db, crate::kinds(), now).await.unwrap();
    assert_eq!((changes(&store).await.len(), marked().await), (0, 0));
    assert!(in_trash(&store).await.is_empty());
}

async fn each_kind_is_kept_as_long_as_its_own_setting_says(backend: Backend) {
    let store = Store::new(backend).await;
    // Eight, four and no days before it is looked at.
    for (id, key) in [(10, "oldest"), (11, "old"), (12, "young")] {
        store.carries_out_once(key, new(task(id), None)).await;
        store.carries_out(delete(task(id))).await.unwrap();
        store.clock.advance(if id < 12 { 4 * DAY } else { Duration::ZERO });
    }
    let config = Config { feed_days: 3, trash_days: 5, ..Config::default() };
    let (stop, every) = (Stop::new(), Duration::from_millis(20));
    let (db, clock, writer) = (store.db.clone(), store.clock.clone(), store.writer.clone());
    let keeping = kit_base::work::spawn(keep(db, clock, writer, config, every, stop.clone()));
    let left = async || {
        let told = |change: &Change| Operation::parse(&change.operation).unwrap();
        let operations = changes(&store).await.iter().map(told).collect();
        (in_trash(&store).await, operations, keys(&store).await)
    };
    let expected: (_, Vec<_>, _) = (
        vec![task(12).0, task(11).0],
        vec![Operation::Create, Operation::Delete, Operation::Purge],
        vec!["young".to_owned()],
    );
    eventually("what is old is gone", async || left().await == expected).await;
    stop.cancel();
    keeping.await.unwrap();
    assert_eq!(left().await, expected);
}

async fn keys(store: &Store) -> Vec<String> {
    use diesel::QueryDsl as _;
    use diesel_async::RunQueryDsl as _;
    use journal::keys::idempotency_keys::{key, table};
    let rows = table.select(key).order(key);
    kit_db::read!(&store.db, "test", conn => rows.load(conn).await).unwrap()
}

/// SQLite has one writer: there nothing is held beside it.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/test"]
async fn what_a_sibling_holds_is_left_to_it_and_waited_for_by_nobody() {
    let store = Store::new(Backend::Postgres).await;
    let insert = format!(
        "INSERT INTO idempotency_keys (scope_id, user_id, key, fingerprint, reply, created_at) \
         SELECT '{0}', '{0}', 'k' || n, '', '', to_timestamp(n) FROM generate_series(1, 20) AS n",
        store.scope.0
    );
    store.runs(&insert).await;
    let before = store.clock.now();
    let holds = store.runs("SELECT 1 FROM idempotency_keys WHERE created_at <= to_timestamp(10) FOR UPDATE; SELECT pg_sleep(1.3)");
    let sweeps = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        (journal::store::sweep_keys(&store.db, before).await.unwrap(), began.elapsed())
    };
    let ((), (swept, took)) = tokio::join!(holds, sweeps);
    assert_eq!(swept, 10, "those that are free");
    assert!(took < Duration::from_millis(700), "{took:?}");
    assert_eq!(journal::store::sweep_keys(&store.db, before).await.unwrap(), 10);
}
