//! The arrows between crates and modules: who may know whom.
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Each crate, and which others of this workspace it may stand on.
const ARROWS: [(&str, &[&str]); 6] = [
    ("proto", &[]),
    ("kit", &[]),
    ("auth", &["kit", "proto"]),
    ("tasks", &["kit", "proto"]),
    ("gateway", &["kit", "proto"]),
    ("errand", &["auth", "gateway", "kit", "tasks"]),
];

/// Words of the product that the chassis must not know.
const PRODUCT: [&str; 7] = ["task", "tasks", "project", "projects", "inbox", "email", "password"];

/// What the runtime calls its own tasks, and pinning its projections.
const OF_THE_RUNTIME: [&str; 8] = [
    "task::",
    "TaskTracker",
    "task_local",
    "num_alive_tasks",
    "RUNTIME_TASKS",
    "TASKS",
    "pin_project",
    ".project(",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

fn folder_of(name: &str) -> PathBuf {
    if name == "proto" { root().join(name) } else { root().join("services").join(name) }
}

/// Every Rust file under `folder`, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("its entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            found.push((path, text));
        }
    }
    found
}

/// The lines of code of a file: without comments and without its inline tests.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..tests].lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The identifiers of a line, without what it quotes.
fn words(line: &str) -> impl Iterator<Item = String> {
    let unquoted: Vec<&str> = line.split('"').step_by(2).collect();
    let line = OF_THE_RUNTIME.iter().fold(unquoted.join(" "), |line, word| line.replace(word, " "));
    let line = line.split("//").next().unwrap_or_default().to_owned();
    let identifiers: Vec<String> = line
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .map(str::to_owned)
        .filter(|word| !word.is_empty())
        .collect();
    identifiers.into_iter()
}

/// `TaskPatch` and `task_patch` both say `task` and `patch`.
fn parts(identifier: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before_is_lower = false;
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && before_is_lower) {
            parts.push(String::new());
        }
        before_is_lower = c.is_lowercase();
        if c != '_' {
            parts.last_mut().expect("one at least").extend(c.to_lowercase());
        }
    }
    parts
}

/// The names of everything that a manifest depends on, for tests and builds too.
fn dependencies(manifest: &str) -> Vec<String> {
    let sections = manifest.split("\n[").filter(|section| {
        section.split(']').next().is_some_and(|name| name.ends_with("dependencies"))
    });
    let lines = sections.flat_map(|section| section.lines().skip(1));
    lines.filter_map(|line| line.split([' ', '.', '=']).next()).map(str::to_owned).collect()
}

#[test]
fn a_crate_stands_only_on_those_below_it() {
    let ours = ARROWS.map(|(name, _)| name);
    for (name, allowed) in ARROWS {
        let manifest = fs::read_to_string(folder_of(name).join("Cargo.toml")).expect("a manifest");
        for dependency in dependencies(&manifest).iter().map(String::as_str) {
            let known = ours.contains(&dependency);
            assert!(
                !known || allowed.contains(&dependency),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn the_chassis_knows_no_word_of_the_product() {
    let mut found = BTreeMap::new();
    for (path, text) in sources(&folder_of("kit").join("src")) {
        for (line, code) in code(&text) {
            for identifier in words(code) {
                if parts(&identifier).iter().any(|part| PRODUCT.contains(&part.as_str())) {
                    found.insert(format!("{}:{line}", path.display()), identifier);
                }
            }
        }
    }
    assert!(found.is_empty(), "kit names what only services know: {found:#?}");
}

#[test]
fn queries_stand_in_the_store_alone() {
    let queries = [
        "diesel::insert_into",
        "diesel::update",
        "diesel::delete",
        "sql_query",
        "QueryDsl",
        "::table.",
        "kit::read!",
        "kit::on!",
    ];
    for name in ["auth", "tasks", "gateway", "errand"] {
        let folder = folder_of(name).join("src");
        for (path, text) in sources(&folder) {
            let place = path
                .strip_prefix(&folder)
                .expect("a source of the folder")
                .to_string_lossy()
                .into_owned();
            let of_the_store =
                place == "store.rs" || place.starts_with("store/") || place == "schema.rs";
            for (line, code) in code(&text).filter(|_| !of_the_store) {
                let found = queries.iter().find(|query| code.contains(**query));
                assert!(found.is_none(), "{name}/{place}:{line}: a query outside the store");
            }
        }
    }
}

#[test]
fn rules_are_pure_and_the_store_knows_no_wire() {
    let rules = ["crate::store", "crate::rpc", "kit::Db", "Clock", "tonic::", "tokio::", ".await"]
        .as_slice();
    let wire = ["crate::rpc", "tonic::", "proto::"].as_slice();
    for name in ["auth", "tasks"] {
        for (room, forbidden) in [("domain", rules), ("store", wire)] {
            for (path, text) in sources(&folder_of(name).join("src").join(room)) {
                for (line, code) in code(&text) {
                    let found = forbidden.iter().find(|word| code.contains(**word));
                    assert!(
                        found.is_none(),
                        "{}:{line}: {room} knows {}",
                        path.display(),
                        found.unwrap_or(&"")
                    );
                }
            }
        }
    }
}
