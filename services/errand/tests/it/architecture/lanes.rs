//! What rides on the connections that all readers share.
use std::collections::BTreeSet;

use super::{is_test, sources_of};

/// Each reads by a key, or a page or a batch in the order of an index: however much a user keeps, it takes a moment. What may take
/// longer is a `search!`, which has connections of its own. A name that is new here is a decision.
const LANES: [&str; 18] = [
    "account.deleted",
    "account.find",
    "account.get",
    "journal.after",
    "journal.before",
    "key.find",
    "key.list",
    "project.get",
    "project.list",
    "scope.deleted",
    "scope.erased",
    "scope.private",
    "scope.sequences",
    "scope.usage",
    "session.list",
    "task.get",
    "task.list",
    "token.find",
];

/// The names of the queries that a source reads on the lanes, by `read!` or by a macro that is told to.
fn lanes(source: &str) -> impl Iterator<Item = &str> {
    let by = ["read!(", "(read, "].into_iter().flat_map(|by| source.split(by).skip(1));
    by.filter_map(|rest| rest.split('"').nth(1))
}

#[test]
fn only_what_takes_a_moment_rides_on_the_connections_that_all_share() {
    let sources = ["auth", "tasks"].map(sources_of).into_iter().flatten();
    let texts: Vec<_> = sources.filter(|(path, _)| !is_test(path)).map(|(_, text)| text).collect();
    let found: BTreeSet<_> = texts.iter().flat_map(|text| lanes(text)).collect();
    assert_eq!(found, LANES.into());
}

#[test]
fn a_query_that_is_not_named_is_seen() {
    let planted = r#"read!(db, "one", conn => x)?; read!(&db, "two", conn: Backend => x); search!(db, "three", conn => x); page!(read, "four", db); page!(search, "five", db)"#;
    assert_eq!(lanes(planted).collect::<Vec<_>>(), ["one", "two", "four"]);
}
