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

/// The backends at hand. With `CI=true` PostgreSQL has to be there; else its absence is said once.
pub fn backends() -> Vec<Backend> {
    match server() {
        Some(_) => vec![Backend::Sqlite, Backend::Postgres],
        None => {
            assert!(
                variable("CI").is_none_or(|ci| ci != "true"),
                "TEST_POSTGRES_URL is not set: run the tests by `make test`"
            );
            static SAID: std::sync::Once = std::sync::Once::new();
            SAID.call_once(|| eprintln!("SKIPPED on PostgreSQL: TEST_POSTGRES_URL is not set (`make test` starts a server)"));
            vec![Backend::Sqlite]
        }
    }
}

/// The server that `TEST_POSTGRES_URL` names, without a database: `postgres://user@host:port`.
pub fn server() -> Option<String> {
    variable("TEST_POSTGRES_URL")
        .filter(|url| !url.is_empty())
        .map(|url| url.trim_end_matches('/').to_owned())
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
                let server = server().expect("a server for tests");
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

impl Drop for Database {
    fn drop(&mut self) {
        // A database on the throw-away server goes with the server.
        if let Some(folder) = &self.folder {
            _ = std::fs::remove_dir_all(folder);
        }
    }
}
