//! What the documents name is there, and what is there stands on the map.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const DOCUMENTS: [&str; 7] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/adding.md",
    "docs/architecture.md",
    "docs/glossary.md",
    "docs/testing.md",
    "docs/adr/0005-slices-by-resource.md",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

fn text(document: &str) -> String {
    fs::read_to_string(root().join(document)).expect("a document")
}

fn folders(below: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(below)).expect("a folder");
    let paths = entries.map(|entry| entry.expect("its entry").path());
    let folders = paths
        .filter(|path| path.is_dir())
        .filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    folders.collect()
}

/// The paths that stand between backticks: from a folder of the repository on, or a document beside them.
fn paths_named_by(text: &str) -> BTreeSet<&str> {
    let roots = folders("");
    let code = text.split('`').skip(1).step_by(2).filter_map(|code| code.split_whitespace().next());
    let is_path = |code: &&str| match code.split_once('/') {
        Some((first, _)) => roots.contains(first),
        None => code.ends_with(".md") || code.ends_with(".toml"),
    };
    code.filter(is_path).collect()
}

fn links_in(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://"))
}

#[test]
fn every_path_that_a_document_names_is_there() {
    let mut named = 0;
    for document in DOCUMENTS {
        let text = text(document);
        for path in paths_named_by(&text) {
            assert!(root().join(path).exists(), "{document} names {path}");
            named += 1;
        }
        for link in links_in(&text) {
            let folder = root().join(document);
            let target = folder.parent().expect("a folder").join(link);
            assert!(target.exists(), "{document} links to {link}");
        }
    }
    assert!(named > 60, "only {named} paths");
}

#[test]
fn a_path_is_told_from_other_code() {
    let text = "`services/auth` `scripts/test -p tasks` `a/b` `GET /v1` `make` `data/` `deny.toml`";
    let paths = ["deny.toml", "scripts/test", "services/auth"];
    assert_eq!(paths_named_by(text).into_iter().collect::<Vec<_>>(), paths);
    assert_eq!(links_in("[a](b.md) [c](https://d)").collect::<Vec<_>>(), ["b.md"]);
}

/// The words of the map about a folder: its own line, and those that are set in below.
fn said_about<'a>(map: &'a str, folder: &str) -> BTreeSet<&'a str> {
    let lines = map.lines().skip_while(|line| line.split(' ').next() != Some(folder));
    let below = lines.enumerate().take_while(|(at, line)| *at == 0 || line.starts_with(' '));
    let is_name = |letter: char| letter.is_alphanumeric() || "_-".contains(letter);
    below.flat_map(|(_, line)| line.split(move |letter| !is_name(letter))).collect()
}

#[test]
fn every_folder_is_on_the_map() {
    let document = text("docs/architecture.md");
    let map = document.split("```").nth(1).expect("the map");
    for service in folders("services") {
        let place = format!("services/{service}");
        let rooms = match service.as_str() {
            "kit" => folders("services/kit"),
            _ => folders(&format!("{place}/src")),
        };
        assert!(!rooms.is_empty(), "{place} has folders");
        let said = said_about(map, &format!("{place}/"));
        let missing: Vec<_> = rooms.iter().filter(|room| !said.contains(room.as_str())).collect();
        assert!(missing.is_empty(), "{place} has {missing:?}, and the map says {said:?}");
    }
    let seen =
        |name: &String| !name.starts_with('.') || [".ci", ".github"].contains(&name.as_str());
    let made = text(".gitignore").replace('/', "");
    let kept = |name: &String| made.lines().all(|made| made != name);
    for folder in folders("").into_iter().filter(seen).filter(kept) {
        assert!(map.contains(&format!("{folder}/")), "{folder}/ is not on the map");
    }
}

#[test]
fn the_map_is_read_as_it_is_set() {
    let map = "\na/   one\n  b  two, c\nd/  three\n";
    assert_eq!(
        said_about(map, "a/").into_iter().filter(|word| word.len() == 1).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    assert!(said_about(map, "e/").is_empty());
}
