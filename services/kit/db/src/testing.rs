//! Throw-away databases, for tests: SQLite always, PostgreSQL where `TEST_POSTGRES_URL` names a server.
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};

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

/// Runs the statements of a script on a PostgreSQL database, as a dump is read back.
pub async fn run_script(url: &str, script: &str) {
    let mut database = AsyncPgConnection::establish(url).await.expect("the database");
    database.batch_execute(script).await.expect("every statement");
}

impl Drop for Database {
    fn drop(&mut self) {
        // A database on the throw-away server goes with the server.
        if let Some(folder) = &self.folder {
            _ = std::fs::remove_dir_all(folder);
        }
    }
}
