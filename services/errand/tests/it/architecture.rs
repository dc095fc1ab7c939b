//! Who may know whom: between crates, between files, and between what is pure and what is not.
mod circles;
mod codes;
mod file;
mod graph;
mod lanes;
mod methods;
mod planted;
mod rooms;
mod rules;
mod tokens;
mod words;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use self::graph::Sources;

/// The crates of the chassis.
const CHASSIS: [&str; 4] = ["kit-base", "kit-db", "kit-process", "kit-rpc"];

/// The crates of the product, without what puts them together.
const SERVICES: [&str; 3] = ["auth", "tasks", "gateway"];

/// Each crate, and which others of this workspace it may stand on.
const ARROWS: [(&str, &[&str]); 11] = [
    ("kit-base", &[]),
    ("kit-db", &["kit-base"]),
    ("kit-rpc", &["kit-base"]),
    ("proto", &["kit-base", "kit-rpc"]),
    ("kit-process", &["kit-base", "kit-rpc"]),
    ("auth", &["kit-base", "kit-db", "kit-process", "kit-rpc", "proto"]),
    ("tasks", &["kit-base", "kit-db", "kit-process", "kit-rpc", "proto"]),
    ("gateway", &["kit-base", "kit-process", "kit-rpc", "proto"]),
    (
        "errand",
        &["auth", "gateway", "kit-base", "kit-db", "kit-process", "kit-rpc", "proto", "tasks"],
    ),
    ("xtask", &["errand", "kit-base", "proto"]),
    ("arrivals", &[]),
];

/// What a crate compiles that has a database; those who may.
const DATABASES: [&str; 5] =
    ["diesel", "diesel-async", "libsqlite3-sys", "tokio-postgres", "tokio-postgres-rustls"];
const KEEPERS: [&str; 4] = ["kit-base", "kit-db", "auth", "tasks"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

fn folder_of(name: &str) -> PathBuf {
    let place = match name.strip_prefix("kit-") {
        Some(part) => format!("services/kit/{part}"),
        None if ["proto", "xtask"].contains(&name) => name.to_owned(),
        None if name == "arrivals" => format!("bench/{name}"),
        None => format!("services/{name}"),
    };
    root().join(place)
}

/// The Rust files of a crate by their path below `src`, with their texts.
fn sources_of(name: &str) -> Sources {
    let mut found = Sources::new();
    read(&folder_of(name).join("src"), "", &mut found);
    found
}

/// Whether a source holds nothing but tests.
fn is_test(path: &str) -> bool {
    path.contains("tests/") || path.ends_with("tests.rs")
}

fn read(folder: &Path, below: &str, found: &mut Sources) {
    for entry in fs::read_dir(folder.join(below)).expect("a folder of sources") {
        let entry = entry.expect("its entry");
        let name = entry.file_name().into_string().expect("a plain name");
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.path().is_dir() {
            read(folder, &path, found);
        } else if path.ends_with(".rs") {
            let text = fs::read_to_string(entry.path()).expect("a source");
            found.insert(path, text);
        }
    }
}

/// The names of everything that a manifest depends on, for tests and builds too.
fn dependencies(manifest: &str) -> Vec<String> {
    let sections = manifest.split("\n[").filter(|section| {
        section.split(']').next().is_some_and(|name| name.ends_with("dependencies"))
    });
    let lines = sections.flat_map(|section| section.lines().skip(1));
    lines.filter_map(|line| line.split([' ', '.', '=']).next()).map(str::to_owned).collect()
}

/// The folders of all packages below a folder.
fn packages(folder: &Path) -> BTreeSet<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("its entry").path());
    let packages = entries.filter(|path| path.join("Cargo.toml").is_file());
    packages.collect()
}

#[test]
fn every_crate_has_its_place() {
    let folders = ["", "services", "services/kit", "bench"];
    let mut there: BTreeSet<_> =
        folders.iter().flat_map(|folder| packages(&root().join(folder))).collect();
    there.retain(|package| !package.ends_with("target"));
    assert_eq!(there, ARROWS.map(|(name, _)| folder_of(name)).into());
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
fn only_who_keeps_something_compiles_a_database() {
    for (name, _) in ARROWS.iter().filter(|(name, _)| !KEEPERS.contains(name)) {
        let manifest = fs::read_to_string(folder_of(name).join("Cargo.toml")).expect("a manifest");
        let found =
            dependencies(&manifest).into_iter().find(|name| DATABASES.contains(&name.as_str()));
        assert_eq!(found, None, "{name} has no database");
    }
    let base = fs::read_to_string(folder_of("kit-base").join("Cargo.toml")).expect("a manifest");
    let optional = |line: &str| line.starts_with("diesel = ") && line.contains("optional = true");
    assert!(base.lines().any(optional), "kit-base compiles diesel for those alone who ask for it");
}
