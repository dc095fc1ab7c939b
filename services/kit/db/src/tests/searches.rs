use std::time::Duration;

use diesel::{sql_query, sql_types::BigInt};
use kit_base::testing::eventually;
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::{
    postgres::{LANES, MOST_READS},
    search,
};

crate::on_each_backend!(searches_hold_up_no_read_and_each_other_no_longer_than_one_may_wait,);

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// A search that takes longer than anyone waits for a connection.
async fn slow(db: &Db) -> Result<usize, Error> {
    let statement = match db {
        Db::Postgres(_) => "SELECT pg_sleep(0.6)",
        Db::Sqlite(_) => {
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n"
        }
    };
    search!(db, "test", conn => sql_query(statement).execute(conn).await)
}

async fn searches_hold_up_no_read_and_each_other_no_longer_than_one_may_wait(backend: Backend) {
    let (_database, db) = things(backend, "searches").await;
    let begun = Instant::now();
    let searches = async {
        let searches = futures_util::future::join_all((0..6).map(|_| slow(&db))).await;
        (searches, begun.elapsed())
    };
    let reads = async {
        sleep(Duration::from_millis(50)).await;
        for _ in 0..8 {
            names(&db).await;
        }
        begun.elapsed()
    };
    let ((searches, searched_after), read_after) = tokio::join!(searches, reads);
    let found = searches.iter().filter(|search| search.is_ok()).count();
    assert!(found >= limits().searches, "{searches:?}");
    let told = |search: &Result<usize, Error>| search.as_ref().is_err_and(Error::is_passing);
    assert_eq!(searches.iter().filter(|search| told(search)).count(), 6 - found, "{searches:?}");
    assert!(read_after < searched_after, "{read_after:?}: they had not to wait for a search");
}

/// How many of these searches the server is at.
async fn under_way(db: &Db) -> i64 {
    let count = "SELECT count(*) AS count FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(25%'";
    let found = read!(db, "test", conn => sql_query(count).get_result::<Count>(conn).await);
    found.unwrap().count
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/test"]
async fn a_search_is_given_up_with_its_caller_and_after_its_time() {
    let (database, _) = things(Backend::Postgres, "given_up").await;
    let patient = Limits { search: Duration::from_secs(30), ..limits() };
    let db = Db::open(&database.url, &patient).unwrap();
    db.up().await.unwrap();
    let long =
        async || search!(&db, "test", conn => sql_query("SELECT pg_sleep(25)").execute(conn).await);
    assert!(timeout(Duration::from_millis(300), long()).await.is_err());
    let over = eventually("it is over", async || under_way(&db).await == 0);
    timeout(Duration::from_secs(5), over).await.expect("the server goes on for nobody");
    let hasty = Limits { search: Duration::from_millis(200), ..limits() };
    let db = Db::open(&database.url, &hasty).unwrap();
    db.up().await.unwrap();
    let begun = Instant::now();
    let late = search!(&db, "test", conn => sql_query("SELECT pg_sleep(25)").execute(conn).await);
    assert!(matches!(late, Err(Error::GivenUp(_))) && begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/test"]
async fn where_as_many_read_as_may_the_next_is_told_so_at_once() {
    let (_database, db) = things(Backend::Postgres, "crowd").await;
    let Db::Postgres(postgres) = &db else { unreachable!() };
    let read = async || read!(&db, "test", conn => sql_query("SELECT 1").execute(conn).await);
    let mut reading: Vec<_> = vec![];
    eventually("all of them are up", async || {
        reading.extend(std::iter::from_fn(|| {
            futures_util::FutureExt::now_or_never(postgres.lane()).and_then(Result::ok)
        }));
        reading.len() >= LANES * MOST_READS
    })
    .await;
    assert_eq!(reading.len(), LANES * MOST_READS);
    let begun = Instant::now();
    let refusal = read().await.unwrap_err();
    assert!(refusal.is_passing() && begun.elapsed() < Duration::from_secs(1), "{refusal:?}");
    drop(reading.pop());
    assert!(read().await.is_ok(), "one has done");
}
