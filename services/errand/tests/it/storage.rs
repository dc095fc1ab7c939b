//! Where an app keeps its data: a folder of SQLite files, or a database on the test server.
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
};

use kit_db::testing::{Backend, Database};

/// Settings as an operator writes them.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// The settings that name new, empty storage, and make hashes cheap and limits wide.
pub(crate) async fn variables(backend: Backend) -> Variables {
    let mut variables = for_tests();
    variables.push(("DATA_DIR", new_folder().display().to_string()));
    if backend == Backend::Postgres {
        variables.push(("DATABASE_URL", Database::new(backend, "system").await.url.clone()));
        variables.push(("AUTO_MIGRATE", "true".to_owned()));
    }
    variables
}

/// Every test signs in, all from one address: hashes are cheap and nobody is counted.
fn for_tests() -> Variables {
    let kek = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let variables = [
        ("LOG_LEVEL", "warn,kit_rpc::channel=info"),
        ("HASH_MEMORY_KIB", "64"),
        ("RATE_LIMIT", "off"),
        ("KEK", kek),
    ];
    variables.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

/// The same for a service that is a process of its own, with the schema that `errand` would give it.
pub(crate) fn for_service(service: &str, shared: &Variables) -> Variables {
    let own = |(name, value): &(&'static str, String)| match *name {
        "DATABASE_URL" => (*name, format!("{value}?options=-c%20search_path%3D{service}")),
        _ => (*name, value.clone()),
    };
    shared.iter().map(own).collect()
}

/// Apps live as long as their process, which cannot clean up after itself: the next one does.
fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    static SWEPT: Once = Once::new();
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("system");
    SWEPT.call_once(|| sweep(&parent));
    let folder =
        parent.join(format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst)));
    fs::create_dir_all(&folder).expect("a folder for tests");
    folder
}

/// Removes what processes left that are no more.
fn sweep(parent: &Path) {
    let Ok(folders) = fs::read_dir(parent) else { return };
    for folder in folders.flatten() {
        let name = folder.file_name().to_string_lossy().into_owned();
        let process = name.split('-').next().unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            _ = fs::remove_dir_all(folder.path());
        }
    }
}
