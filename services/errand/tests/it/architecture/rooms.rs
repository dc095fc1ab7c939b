//! What may stand in which file of a slice: queries stand in the store, and the store knows no wire.
use super::{SERVICES, sources_of, tokens};

/// Files beside the stores that ask the database: a unit of work loads and writes what many resources store.
const UNITS_OF_WORK: [(&str, &str); 2] = [("tasks", "journal/unit.rs"), ("tasks", "journal/unit/")];

/// Files beside the rows of a resource that say how something is stored.
const ROWS: [(&str, &str); 3] =
    [("tasks", "journal/change.rs"), ("tasks", "journal/keys.rs"), ("tasks", "journal/rows.rs")];

/// What a query is made of.
const QUERIES: [&str; 11] = [
    "sql_query",
    "QueryDsl",
    "RunQueryDsl",
    "insert_into",
    "diesel_async",
    "read!",
    "on!",
    "together!",
    "inserts!",
    "statement!",
    "execute",
];

/// What is said to other processes.
const WIRE: [&str; 4] = ["tonic", "proto", "rpc", "message"];

/// Whether a file plays this role in its slice: `role.rs`, or what is below `role/`.
pub(super) fn plays(path: &str, role: &str) -> bool {
    let file = format!("{role}.rs");
    path.split('/').any(|part| part == role || part == file)
}

fn listed(list: &[(&str, &str)], service: &str, path: &str) -> bool {
    list.iter().any(|(of, begin)| *of == service && path.starts_with(begin))
}

/// Where these words stand in the files of a service that `there` tells; a `!` behind a word makes it a macro's.
fn said(service: &str, words: &[&str], there: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = vec![];
    for (path, text) in sources_of(service).into_iter().filter(|(path, _)| there(path)) {
        let tokens = tokens::read(&text);
        for (at, token) in tokens.iter().enumerate() {
            let call = tokens.get(at + 1).is_some_and(|next| next.text == "!");
            let is = |word: &&&str| match word.strip_suffix('!') {
                Some(name) => call && token.text == name,
                None => token.text == **word,
            };
            if let Some(word) = words.iter().find(is) {
                found.push(format!("{service}/src/{path}:{} {word}", token.line));
            }
        }
    }
    found
}

#[test]
fn queries_stand_in_the_store_alone() {
    for service in SERVICES.into_iter().chain(["errand"]) {
        let elsewhere = |path: &str| {
            !plays(path, "store")
                && !plays(path, "schema")
                && !plays(path, "tests")
                && !listed(&UNITS_OF_WORK, service, path)
        };
        assert_eq!(said(service, &QUERIES, elsewhere), Vec::<String>::new(), "outside the store");
        let no_row =
            |path: &str| elsewhere(path) && !plays(path, "row") && !listed(&ROWS, service, path);
        assert_eq!(said(service, &["diesel"], no_row), Vec::<String>::new(), "outside of rows");
    }
}

#[test]
fn the_store_knows_no_wire() {
    for service in ["auth", "tasks"] {
        let store = |path: &str| plays(path, "store");
        assert!(sources_of(service).keys().any(|path| store(path)), "{service} has no store");
        assert_eq!(
            said(service, &WIRE, store),
            Vec::<String>::new(),
            "a store that knows the wire"
        );
    }
}
