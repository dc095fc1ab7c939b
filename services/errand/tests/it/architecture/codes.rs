//! Every code that a client can be told is named by some test.
use std::collections::BTreeSet;

use super::{CHASSIS, SERVICES, folder_of, is_test, read, sources_of};

/// What looks like a code and is none: names of gRPC's own as metrics have them, SQL, and names of variables.
const NONE: [&str; 17] = [
    "ABORTED",
    "ALREADY_EXISTS",
    "BEGIN",
    "BUILT_BY_RUSTC",
    "COMMIT",
    "DATA_LOSS",
    "ERROR",
    "FAILED_PRECONDITION",
    "INVALID_ARGUMENT",
    "PERMISSION_DENIED",
    "RATE_LIMIT",
    "RESOURCE_EXHAUSTED",
    "ROLLBACK",
    "TEST_POSTGRES_URL",
    "TRACE",
    "UNIMPLEMENTED",
    "UNSPECIFIED",
];

fn is_code(text: &str) -> bool {
    text.len() > 3
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
        && text.starts_with(|letter: char| letter.is_ascii_uppercase())
}

/// A source without its tests, and its tests.
fn parted(path: &str, text: &str) -> [String; 2] {
    let (code, tests) = if is_test(path) {
        ("", text)
    } else {
        let begins =
            ["mod tests {", "pub(crate) mod tests {"].map(|head| format!("#[cfg(test)]\n{head}"));
        begins.iter().find_map(|begin| text.split_once(&**begin)).unwrap_or((text, ""))
    };
    [code.to_owned(), tests.to_owned()]
}

#[test]
fn every_code_is_named_by_some_test() {
    let (mut told, mut tested) = (BTreeSet::new(), String::new());
    for name in CHASSIS.iter().chain(&SERVICES) {
        for (path, text) in sources_of(name) {
            let [code, tests] = parted(&path, &text);
            told.extend(code.split('"').filter(|text| is_code(text)).map(str::to_owned));
            tested += &tests;
        }
        let mut behaviour = super::Sources::new();
        let folder = folder_of(name).join("tests");
        if folder.is_dir() {
            read(&folder, "", &mut behaviour);
        }
        tested.extend(behaviour.into_values());
    }
    assert!(told.len() > 80 && told.contains("TASK_NOT_FOUND"), "{told:?}");
    // In a text alone: `StatusCode::BAD_REQUEST` says nothing of a code.
    let texts = tested.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
    let words: BTreeSet<_> = texts
        .flat_map(|text| text.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_'))
        .collect();
    let unseen = told.iter().map(String::as_str).filter(|code| !words.contains(code));
    assert_eq!(unseen.collect::<BTreeSet<_>>(), NONE.into(), "a code that no test names");
}
