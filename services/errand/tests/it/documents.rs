//! What the documents name is there, and what is there stands on the map.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Every document of the repository but those of the past, which name what was there then.
fn documents() -> Vec<String> {
    let listed = git(&["ls-files", "*.md"]);
    let kept = listed.lines().filter(|name| *name != "CHANGELOG.md").map(str::to_owned);
    let kept: Vec<_> = kept.collect();
    assert!(kept.len() > 15, "{kept:?}");
    kept
}

/// What git says of the repository.
fn git(arguments: &[&str]) -> String {
    let said = Command::new("git").arg("-C").arg(root()).args(arguments).output().expect("git");
    String::from_utf8(said.stdout).expect("names in UTF-8")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

fn text(document: &str) -> String {
    fs::read_to_string(root().join(document)).expect("a document")
}

/// The paths that stand between backticks: from a folder of the repository on, or a document beside them.
fn paths_named_by(text: &str) -> BTreeSet<&str> {
    // Not what is there: `data/`, for one, is once something ran.
    let kept = kept_folders();
    let roots: BTreeSet<_> = kept.iter().filter_map(|folder| folder.split('/').next()).collect();
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
    for document in &documents() {
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

/// The names of all functions.
fn functions() -> BTreeSet<String> {
    let found = git(&["grep", "-hoE", "fn [a-z0-9_]+", "--", "*.rs"]);
    found.lines().map(|line| line.trim_start_matches("fn ").to_owned()).collect()
}

/// The folders of what git keeps, each cut to where one thing ends: a crate's room, one resource of it, a part of the chart.
fn kept_folders() -> BTreeSet<String> {
    let files = git(&["ls-files"]);
    files.lines().filter_map(|file| Some(room(file.rsplit_once('/')?.0))).collect()
}

fn room(folder: &str) -> String {
    let parts: Vec<&str> = folder.split('/').collect();
    let depth = match parts.as_slice() {
        ["services", "kit", _, "src", ..] => 3,
        ["services", _, "src"] => 2,
        ["services", "kit", ..] | ["services", _, "src", ..] => 4,
        ["services" | "helm", ..] => 3,
        _ => 2,
    };
    let depth = depth + usize::from(depth == 4 && parts.get(3) == Some(&"resources"));
    parts[..parts.len().min(depth)].join("/").replace("/src/", "/")
}

/// What the map names below a folder: what begins its lines, and within them what a colon or a slash follows.
fn named_below<'a>(map: &'a str, folder: &str) -> BTreeSet<&'a str> {
    let mut lines = map.lines().skip_while(|line| line.split(' ').next() != Some(folder));
    let first = lines.next().unwrap_or_default();
    let below = lines.take_while(|line| line.starts_with(' '));
    let begun = below.clone().filter(|line| !line.starts_with("   "));
    let begun = begun.flat_map(|line| line.trim().split("  ").take(1)).flat_map(|n| n.split(", "));
    let is_name = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
    let told =
        [first.trim_start_matches(|c| c != ' ')].into_iter().chain(below).flat_map(move |line| {
            let ends = line.match_indices([':', '/']).map(|(at, _)| &line[..at]);
            ends.map(move |begin| &begin[begin.trim_end_matches(is_name).len()..])
        });
    begun.chain(told).filter(|name| !name.is_empty()).collect()
}

/// Whether a folder has its own line, or a name below the line of one that holds it; `services/*/` is any service.
fn stands(map: &str, folder: &str) -> bool {
    let parts: Vec<&str> = folder.split('/').collect();
    let own = |key: &str| map.lines().any(|line| line.split(' ').next() == Some(key));
    (1..=parts.len()).any(|at| {
        let (above, rest) = parts.split_at(at);
        let key = above.join("/") + "/";
        let named = own(&key) && rest.iter().all(|part| named_below(map, &key).contains(part));
        let any = format!("{}/*/", parts[0]);
        let common =
            at == 2 && rest.last().is_some_and(|part| named_below(map, &any).contains(part));
        named || common
    })
}

#[test]
fn every_limit_is_as_the_code_has_it() {
    let document = text("docs/limits.md");
    let (document, _drill) = document.split_once("\n## The drill\n").expect("it stands last");
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| What ");
    let rows: Vec<_> = document.lines().filter(is_row).collect();
    assert!(rows.len() > 50, "{}", rows.len());
    for row in rows {
        let place = row.rsplit_once("| `").and_then(|(_, place)| place.split_once("`: `"));
        let (file, code) = place.unwrap_or_else(|| panic!("where is it? {row}"));
        let code = code.trim_end_matches("` |");
        assert!(text(file).contains(code), "{file} has not {code}");
    }
}

#[test]
fn what_shows_that_a_bound_holds_is_there() {
    let document = text("docs/limits.md");
    let (_, rows) =
        document.split_once("| What | What is promised | What shows it |").expect("a table");
    let shown =
        rows.lines().filter_map(|row| row.rsplit('|').nth(1)).flat_map(|shown| shown.split('`'));
    let tests: Vec<_> = shown.filter(|name| name.contains('_') && !name.contains(' ')).collect();
    assert!(tests.len() > 3, "{tests:?}");
    let names = functions();
    let missing: Vec<_> = tests.iter().filter(|name| !names.contains(**name)).collect();
    assert!(missing.is_empty(), "no test is called {missing:?}");
}

#[test]
fn every_folder_is_on_the_map() {
    let document = text("docs/architecture.md");
    let map = document.split("```").nth(1).expect("the map");
    let folders = kept_folders();
    assert!(folders.len() > 60, "only {folders:?}");
    let missing: Vec<_> = folders.iter().filter(|folder| !stands(map, folder)).collect();
    assert!(missing.is_empty(), "not on the map: {missing:#?}");
}

#[test]
fn the_map_is_read_as_it_is_set() {
    let map = "\na/x/       some words, e/\n  b, c       two; d: three\n             f words\na/*/         g: all\nh/   four\n";
    assert_eq!(named_below(map, "a/x/").into_iter().collect::<Vec<_>>(), ["b", "c", "d", "e"]);
    for (folder, expected) in [
        ("a/x", true),
        ("a/x/b", true),
        ("a/x/b/d", true),
        ("a/x/g", true),
        ("a/x/b/g", true),
        ("a/g", false),
        ("a/x/f", false),
        ("a/x/words", false),
        ("a/y/b", false),
        ("h", true),
        ("h/four", false),
    ] {
        assert_eq!(stands(map, folder), expected, "{folder}");
    }
}

#[test]
fn a_folder_is_looked_for_down_to_its_resource() {
    for (folder, expected) in [
        ("services/auth", "services/auth"),
        ("services/auth/src", "services/auth"),
        ("services/auth/src/passwords/hashing", "services/auth/passwords"),
        ("services/auth/migrations/0001_accounts", "services/auth/migrations"),
        ("services/gateway/src/resources/tasks/x", "services/gateway/resources/tasks"),
        ("services/kit/db/src/x", "services/kit/db"),
        ("services/kit/db/tests/it", "services/kit/db/tests"),
        ("helm/errand/templates/auth", "helm/errand/templates"),
        ("docs/adr", "docs/adr"),
        ("bench", "bench"),
    ] {
        assert_eq!(room(folder), expected, "{folder}");
    }
}
