use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use super::*;
use crate::examine::{self, Finding};

crate::on_each_backend!(an_operator_is_told_what_is_wrong_and_nothing_is_changed);

/// What was looked at, and whether it was found well.
fn told(findings: &[Finding]) -> Vec<(&'static str, bool)> {
    findings.iter().map(|(what, found)| (*what, found.is_ok())).collect()
}

async fn an_operator_is_told_what_is_wrong_and_nothing_is_changed(backend: Backend) {
    let database = Database::new(backend, "doubt").await;
    let (db, clock) = (open(&database).await, Clock::system());
    let late = Clock::fixed(clock.now().minus(Duration::from_secs(3600)));
    let mut clocks = match backend {
        Backend::Sqlite => vec![],
        Backend::Postgres => vec![("clock", true)],
    };
    let empty = examine::all(&db, MIGRATIONS, &clock).await;
    assert_eq!(told(&empty), [&[("database", true), ("schema", false)][..], &clocks].concat());
    migrate::apply(&db, MIGRATIONS).await.unwrap();
    let well = [("database", true), ("schema", true), ("write permission", true)];
    let found = examine::all(&db, MIGRATIONS, &clock).await;
    assert_eq!(told(&found), [&well[..], &clocks].concat(), "{found:?}");
    assert_eq!(found[1].1.as_deref(), Ok("version 2"));
    assert!(db.acquire().await.is_ok(), "the connection was given back");
    clocks.iter_mut().for_each(|(_, well)| *well = false);
    let found = examine::all(&db, MIGRATIONS, &late).await;
    assert_eq!(told(&found), [&well[..], &clocks].concat(), "{found:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_the_only_thing_that_is_told() {
    let db = Db::open("postgres://nobody:hunter2@127.0.0.1:1/none", &limits()).unwrap();
    let found = examine::all(&db, MIGRATIONS, &Clock::system()).await;
    assert_eq!(told(&found), [("database", false)]);
    assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    assert!(db.acquire().await.is_err_and(|refusal| refusal.is_passing()));
}

#[tokio::test]
async fn a_file_is_made_with_its_folder_and_for_its_owner_alone() {
    let database = Database::new(Backend::Sqlite, "file").await;
    let path = database.url.strip_prefix("sqlite:").unwrap();
    let mut open = vec![];
    for url in [database.url.clone(), format!("sqlite:///{}", path.trim_start_matches('/'))] {
        let db = Db::open(&url, &limits()).unwrap();
        let written = migrate::apply(&db, MIGRATIONS).await;
        assert_eq!(written.unwrap(), 2, "{url}");
        open.push(db);
    }
    for file in [path.to_owned(), format!("{path}-wal")] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_open_a_new_file_at_once_wait_for_each_other() {
    for round in 0..20 {
        let database = Database::new(Backend::Sqlite, &format!("at_once_{round}")).await;
        let open = |_| {
            let url = database.url.clone();
            kit_base::work::spawn(async move {
                let db = Db::open(&url, &Limits::default()).unwrap();
                migrate::apply(&db, MIGRATIONS).await
            })
        };
        for applied in futures_util::future::join_all((0..8).map(open)).await {
            assert_eq!(applied.unwrap().unwrap(), 2, "round {round}");
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_on_disk_and_references_are_checked() {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        value: i32,
    }
    let (_database, db) = things(Backend::Sqlite, "settings").await;
    for (pragma, value) in [("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 100)] {
        let column = if pragma == "busy_timeout" { "timeout" } else { pragma };
        let query = format!("SELECT {column} AS value FROM pragma_{pragma}");
        let read = read!(&db, "test.pragma", conn =>
            diesel::sql_query(&query).get_result::<Setting>(conn).await);
        let mut writer = db.acquire().await.unwrap();
        let write =
            on!(writer, conn => diesel::sql_query(&query).get_result::<Setting>(conn).await);
        assert_eq!([read.unwrap().value, write.unwrap().value], [value; 2], "{pragma}");
    }
}

#[tokio::test]
async fn a_url_of_no_database_is_refused_and_its_secret_not_shown() {
    for url in
        ["", "mysql://u:hunter2@h/db", "auth.db", "postgres", "postgres://u:hunter2@h:port/db"]
    {
        let Err(fault) = Db::open(url, &limits()) else { panic!("{url} is taken") };
        assert!(!format!("{fault:#}").contains("hunter2"), "{fault:#}");
    }
}

#[tokio::test]
async fn a_database_across_the_network_that_nobody_checks_is_warned_of() {
    for (url, warned) in [
        ("postgres://u@192.0.2.1/none", true),
        ("postgres://u@127.0.0.1/none?sslmode=prefer", true),
        ("postgres://u@192.0.2.1/none?sslmode=disable", false),
        ("postgres://u@192.0.2.1/none?sslmode=verify-full", false),
        ("postgres://u@127.0.0.1:1/none", false),
    ] {
        let (log, _guard) = kit_base::testing::log();
        assert!(Db::open(url, &limits()).is_ok(), "{url}");
        let said = log.text();
        assert_eq!(said.contains("nobody checks who the database is"), warned, "{url}: {said}");
    }
}
