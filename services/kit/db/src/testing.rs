//! Throw-away databases, for tests: SQLite always, PostgreSQL where `TEST_POSTGRES_URL` names a server.
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use diesel::{QueryableByName, sql_query, sql_types::Text};
use diesel_async::{
    AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _,
};

use crate::{Db, Limits, on};

/// A kind of database to run a test on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own on the test server.
    Postgres,
}

/// An empty database that is gone with this value.
pub struct Database {
    /// Where it is.
    pub url: String,
    folder: Option<PathBuf>,
}

/// Makes of `async fn sentence(backend: Backend)` a test on each backend, so that a failure says which one failed.
///
/// On PostgreSQL it is ignored unless asked for, with the reason: a test that has not run has not passed. `scripts/test` asks.
/// `by run, path::of::sentence` hands the backend and the sentence to a runner of the caller's.
#[macro_export]
macro_rules! on_each_backend {
    ($($sentence:ident),+ $(,)?) => {$(
        mod $sentence {
            $crate::on_each_backend!(by $crate::testing::run, super::$sentence);
        }
    )+};
    (by $run:path, $sentence:path) => {
        #[test]
        fn on_sqlite() {
            $run($crate::testing::Backend::Sqlite, $sentence);
        }

        #[test]
        #[ignore = "needs PostgreSQL: scripts/test"]
        fn on_postgres() {
            $run($crate::testing::Backend::Postgres, $sentence);
        }
    };
}

/// Runs a test on that backend, on a runtime of its own.
pub fn run<F: Future<Output = ()>>(backend: Backend, test: impl FnOnce(Backend) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(test(backend));
}

/// The server of the tests, without a database: `postgres://user@host:port`.
fn server() -> String {
    let url = variable("TEST_POSTGRES_URL").filter(|url| !url.is_empty());
    let url = url.expect("TEST_POSTGRES_URL names no server: run the tests by scripts/test");
    url.trim_end_matches('/').to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the harness is told by its environment where PostgreSQL is"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Database {
    /// An empty database of the kind, named after `purpose`.
    pub async fn new(backend: Backend, purpose: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "errand_{purpose}_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::SeqCst)
        );
        match backend {
            Backend::Sqlite => {
                let folder = std::env::temp_dir().join(&name);
                let url = format!("sqlite:{}", folder.join("test.db").display());
                Self { url, folder: Some(folder) }
            }
            Backend::Postgres => {
                let server = server();
                let mut admin = AsyncPgConnection::establish(&format!("{server}/postgres"))
                    .await
                    .expect("the test server");
                admin
                    .batch_execute(&format!("CREATE DATABASE {name}"))
                    .await
                    .expect("a new database");
                Self { url: format!("{server}/{name}"), folder: None }
            }
        }
    }
}

/// Runs the statements of a script on a database, as a dump is read back.
pub async fn run_script(url: &str, script: &str) {
    let db = Db::open(url, &Limits::default()).expect("a database");
    let mut connection = db.acquire().await.expect("the database");
    on!(connection, conn => conn.batch_execute(script).await).expect("every statement");
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The tables of a database with all of their rows, each as one text: for who looks for what someone left, wherever that may be.
pub async fn contents(url: &str) -> BTreeMap<String, Vec<String>> {
    let db = Db::open(url, &Limits::default()).expect("a database");
    let mut connection = db.acquire().await.expect("the database");
    let mut lines = async |query: String| -> Vec<String> {
        let query = sql_query(query);
        let lines: Vec<Line> =
            on!(connection, conn => query.load(conn).await).expect("what is asked for");
        lines.into_iter().map(|Line { line }| line).collect()
    };
    let sqlite = matches!(db, Db::Sqlite(_));
    let tables = match sqlite {
        true => "SELECT name AS line FROM sqlite_master WHERE type = 'table'",
        false => {
            "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = current_schema()"
        }
    };
    let mut found = BTreeMap::new();
    for table in lines(tables.to_owned()).await {
        let mut row = "t::text".to_owned();
        if sqlite {
            let columns = format!(
                "SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')"
            );
            row = lines(columns).await.join(" || ' ' || ");
        }
        let rows = lines(format!("SELECT {row} AS line FROM {table} t")).await;
        found.insert(table, rows);
    }
    found
}

/// The rows among these in which an id or another text stands, by their tables.
pub fn traces(contents: &BTreeMap<String, Vec<String>>, of: &str) -> BTreeMap<String, Vec<String>> {
    // As PostgreSQL writes ids, and as SQLite writes their bytes.
    let bare = |text: &str| text.to_lowercase().replace('-', "");
    let of = bare(of);
    let mut found = contents.clone();
    found.values_mut().for_each(|rows| {
        rows.retain(|row| bare(row).contains(&of));
        rows.sort();
    });
    found.retain(|_, rows| !rows.is_empty());
    found
}

impl Drop for Database {
    fn drop(&mut self) {
        // A database on the throw-away server goes with the server.
        if let Some(folder) = &self.folder {
            _ = std::fs::remove_dir_all(folder);
        }
    }
}
