//! What is told of the pools of a database.
use std::time::Duration;

use tokio::time::Instant;

use super::*;

crate::on_each_backend!(
    who_finds_no_connection_in_time_is_told_to_come_again,
    pools_are_told_of_as_they_are_whoever_asked_last,
    who_comes_first_finds_connections_where_the_database_was_asked_whether_it_is_up,
);

/// What is told of a pool, at this moment.
fn series_of(pool: &str, metric: &str, more: &str) -> Option<String> {
    let series = format!("{metric}{{db_client_connection_pool_name=\"{pool}\"{more}}} ");
    let text = kit_base::metrics::text();
    text.lines().find_map(|line| line.strip_prefix(&series).map(str::to_owned))
}

async fn pools_are_told_of_as_they_are_whoever_asked_last(backend: Backend) {
    let (database, _) = things(backend, "pools").await;
    let name = match backend {
        Backend::Sqlite => "told_sqlite",
        Backend::Postgres => "told_postgres",
    };
    let db = Db::open(&database.url, &Limits { name, ..limits() }).unwrap();
    let stands = |pool: &str| {
        let of_state = |state| {
            let state = format!(",db_client_connection_state=\"{state}\"");
            series_of(pool, "db_client_connections", &state).unwrap()
        };
        (of_state("used"), of_state("idle"))
    };
    let some = |used: &str, idle: &str| (used.to_owned(), idle.to_owned());
    assert_eq!(stands(name), some("0", "0"));
    let held = db.acquire().await.unwrap();
    assert_eq!(stands(name), some("1", "0"));
    drop(held);
    assert_eq!(stands(name), some("0", "1"), "nobody has asked since");
    assert_eq!(series_of(name, "db_client_connection_create_time_seconds_count", "").unwrap(), "1");
    let searches = format!("{name}-searches");
    let mut searcher = db.searcher().await.unwrap();
    assert_eq!(stands(&searches), some("1", "0"));
    searcher.settle();
    drop(searcher);
    assert_eq!(stands(&searches), some("0", "1"));
    db.up().await.unwrap();
    assert_eq!((stands(name), stands(&searches)), (some("0", "1"), some("0", "1")));
    let reads = format!("{name}-reads");
    let (used, _) = stands(&reads);
    assert_eq!(used, "0", "whoever read has ended");
    drop(db);
    for pool in [name, &searches, &reads] {
        assert_eq!(stands(pool), some("0", "0"), "{pool} is gone");
    }
}

async fn who_comes_first_finds_connections_where_the_database_was_asked_whether_it_is_up(
    backend: Backend,
) {
    let (database, _) = things(backend, "up").await;
    let name = match backend {
        Backend::Sqlite => "up_sqlite",
        Backend::Postgres => "up_postgres",
    };
    let db = Db::open(&database.url, &Limits { name, ..limits() }).unwrap();
    db.up().await.unwrap();
    let opened =
        |pool: &str| series_of(pool, "db_client_connection_create_time_seconds_count", "").unwrap();
    let searches = format!("{name}-searches");
    assert_eq!([opened(name), opened(&searches)], ["1", "1"]);
    db.searcher().await.unwrap().settle();
    drop(db.acquire().await.unwrap());
    assert_eq!([opened(name), opened(&searches)], ["1", "1"]);
}

#[tokio::test]
async fn who_is_refused_by_the_server_has_not_waited_in_vain() {
    let (url, name) = ("postgres://nobody@127.0.0.1:1/none", "refused");
    let db = Db::open(url, &Limits { name, ..limits() }).unwrap();
    assert!(db.acquire().await.is_err());
    assert_eq!(series_of(name, "db_client_connection_timeouts_total", "").unwrap(), "0");
}

async fn who_finds_no_connection_in_time_is_told_to_come_again(backend: Backend) {
    let (database, _) = things(backend, "no_connection").await;
    let name = match backend {
        Backend::Sqlite => "full_sqlite",
        Backend::Postgres => "full_postgres",
    };
    let db = Db::open(&database.url, &Limits { name, ..limits() }).unwrap();
    let held = db.acquire().await.unwrap();
    let began = Instant::now();
    let Err(refusal) = db.acquire().await else { panic!("there is only one") };
    // On SQLite whoever writes waits as long as for a lock.
    let most = limits().wait + limits().lock + Duration::from_secs(1);
    assert!(refusal.is_passing(), "{refusal:?}");
    assert!((limits().wait..most).contains(&began.elapsed()), "{:?}", began.elapsed());
    let told = |metric: &str| series_of(name, metric, "").unwrap();
    assert_eq!(told("db_client_connection_timeouts_total"), "1");
    assert_eq!(told("db_client_connections_max"), "1");
    drop(held);
    assert!(db.acquire().await.is_ok());
    assert_eq!(told("db_client_connection_wait_time_seconds_count"), "2", "those that ended well");
}
