use std::time::Duration;

use diesel::{QueryableByName, sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use kit_base::testing::eventually;
use kit_db::{Db, testing::Backend};
use proto::auth::v1::LogoutRequest;

use crate::harness::{App, by, from_address};

kit_db::on_each_backend!(
    what_is_of_no_use_goes_and_what_is_still_needed_stays,
    more_than_one_batch_goes_in_one_round,
    the_tokens_of_a_session_go_before_it_some_at_a_time,
    what_cannot_be_swept_keeps_nothing_else,
);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows each table has: revocations, refresh tokens, sessions, attempts.
async fn rows(db: &Db) -> [i64; 4] {
    let mut counts = [0; 4];
    for (count, table) in
        counts.iter_mut().zip(["revocations", "refresh_tokens", "sessions", "attempts"])
    {
        let query = format!("SELECT count(*) AS count FROM {table}");
        let found =
            kit_db::read!(db, "test", conn => sql_query(&query).get_result::<Count>(conn).await);
        *count = found.unwrap().count;
    }
    counts
}

async fn what_is_of_no_use_goes_and_what_is_still_needed_stays(backend: Backend) {
    let app = App::new(backend, "housekeeping").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let (gone, kept) = (auth.signs_in("ada").await, auth.signs_in("ada").await);
    auth.sessions().logout(by(&gone, LogoutRequest {})).await.unwrap();
    _ = auth.tries("ada", "not her password", from_address("192.0.2.9")).await;
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    let [revocations, tokens, sessions, attempts] = rows(&db).await;
    assert_eq!((revocations, tokens, sessions), (1, 2, 2), "{backend:?}");
    assert!(attempts > 0, "{backend:?}");
    app.passes(24 * 3600 + 1);
    let kept = auth.refreshes(&kept.refresh_token).await.unwrap();
    // It tidies when it starts.
    let _swept = app.replica().await;
    eventually("the ended session is gone with its token and its revocation", async || {
        rows(&db).await == [0, 2, 1, 0]
    })
    .await;
    app.passes(14 * 24 * 3600 - 1);
    assert!(auth.refreshes(&kept.refresh_token).await.is_ok(), "{backend:?}");
}

async fn more_than_one_batch_goes_in_one_round(backend: Backend) {
    let app = App::new(backend, "batches").await;
    let auth = app.replica().await;
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    let (bytes, moment) = match backend {
        Backend::Sqlite => ("CAST(n AS BLOB)", "1799000000000000"),
        Backend::Postgres => ("int4send(n)", "to_timestamp(1799000000)"),
    };
    let insert = format!(
        "INSERT INTO attempts (key, failures, open_at, seen_at)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1201)
         SELECT {bytes}, 1, {moment}, {moment} FROM numbers"
    );
    let written: Result<usize, kit_db::Error> = db
        .write("test", move |connection| {
            Box::pin(async move {
                kit_db::on!(connection, conn => sql_query(insert).execute(conn).await)
            })
        })
        .await;
    assert_eq!(written.unwrap(), 1_201);
    _ = auth.tries("ada", "guess", from_address("192.0.2.9")).await;
    // It tidies when it starts, and then not for a minute.
    let _swept = app.replica().await;
    eventually("all that was old is gone", async || rows(&db).await[3] == 2).await;
}

async fn the_tokens_of_a_session_go_before_it_some_at_a_time(backend: Backend) {
    let app = App::new(backend, "tokens").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ended = auth.signs_in("ada").await;
    auth.signs_in("ada").await;
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    let bytes = match backend {
        Backend::Sqlite => "CAST(n AS BLOB)",
        Backend::Postgres => "int4send(n)",
    };
    let insert = format!(
        "INSERT INTO refresh_tokens (hash, account_id, session_id, issued_at, used_at)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1201)
         SELECT {bytes}, account_id, session_id, issued_at, issued_at
         FROM numbers, (SELECT * FROM refresh_tokens LIMIT 1) AS one"
    );
    kit_db::testing::run_script(&app.database.url, &insert).await;
    let of_ended = "UPDATE refresh_tokens SET session_id = (SELECT id FROM sessions WHERE ended_at IS NOT NULL)
                    WHERE used_at IS NOT NULL";
    auth.sessions().logout(by(&ended, LogoutRequest {})).await.unwrap();
    kit_db::testing::run_script(&app.database.url, of_ended).await;
    assert_eq!(rows(&db).await[1], 1_203);
    let deleted = || {
        let all = kit_base::metrics::text();
        let name = "errand_housekeeping_deleted_total{what=\"refresh_tokens_of_sessions\"} ";
        let line = all.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        line.parse::<usize>().unwrap()
    };
    let before = deleted();
    app.passes(24 * 3600 + 1);
    let _swept = app.replica().await;
    eventually("the session is gone, and before it its tokens", async || {
        rows(&db).await[1..3] == [1, 1] && deleted() - before >= 1_202
    })
    .await;
}

async fn what_cannot_be_swept_keeps_nothing_else(backend: Backend) {
    let app = App::new(backend, "independent").await;
    let auth = app.replica().await;
    _ = auth.tries("ada", "guess", from_address("192.0.2.9")).await;
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    let attempts = async || {
        let query = "SELECT count(*) AS count FROM attempts";
        let found =
            kit_db::read!(&db, "test", conn => sql_query(query).get_result::<Count>(conn).await);
        found.unwrap().count
    };
    assert!(attempts().await > 0);
    // They are swept before the attempts are.
    let script = "ALTER TABLE refresh_tokens RENAME TO elsewhere";
    kit_db::testing::run_script(&app.database.url, script).await;
    app.passes(24 * 3600 + 1);
    let _swept = app.replica().await;
    eventually("the attempts are gone", async || attempts().await == 0).await;
}

/// SQLite has one writer: there nothing is held beside it.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/test"]
async fn what_a_sibling_holds_is_left_to_it_and_waited_for_by_nobody() {
    let app = App::new(Backend::Postgres, "siblings").await;
    let auth = app.replica().await;
    for host in 1..4 {
        _ = auth.tries("ada", "guess", from_address(&format!("192.0.2.{host}"))).await;
    }
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    let before = rows(&db).await[3];
    let mut holder = db.acquire().await.unwrap();
    holder.begin().await.unwrap();
    let hold = "SELECT 1 FROM attempts ORDER BY seen_at LIMIT 1 FOR UPDATE";
    kit_db::on!(holder, conn => sql_query(hold).execute(conn).await).unwrap();
    app.passes(24 * 3600 + 1);
    let _swept = app.replica().await;
    // Less than a statement may wait for a lock.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((before > 1, rows(&db).await[3]), (true, 1), "the one that is held");
    holder.rollback().await;
    let _swept = app.replica().await;
    eventually("it is gone, too", async || rows(&db).await[3] == 0).await;
}
