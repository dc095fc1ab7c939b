//! Rules are pure: they name values, other rules and nothing else. What they may name is listed, so that what nobody thought of is refused.
use super::{
    file::{File, Named},
    graph::Sources,
    rooms::plays,
    sources_of, tokens,
};

/// What a rule may name of other crates. A whole module stands here where all of it takes values and gives values.
const VALUES: [&str; 30] = [
    "base64::Engine",
    "base64::engine::general_purpose",
    "idna::domain_to_ascii",
    "jiff::SignedDuration",
    "jiff::Timestamp",
    "jiff::civil",
    "jiff::tz::TimeZone",
    "kit_base::Timestamp",
    "kit_base::Violation",
    "kit_base::form",
    "kit_base::text",
    "kit_base::zone",
    "kit_db::id",
    "kit_rpc::token::ACCESS_TOKEN_LIFETIME",
    "ring::digest",
    "ring::hmac",
    "serde::Serialize",
    "std::cmp",
    "std::collections::BTreeMap",
    "std::collections::BTreeSet",
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::fmt",
    "std::mem",
    "std::net::IpAddr",
    "std::ops",
    "std::sync::LazyLock",
    "std::time::Duration",
    "unicode_normalization::UnicodeNormalization",
    "uuid::Uuid",
];

/// Modules of a service that hold values, and are rules themselves.
const PLAIN: [&str; 3] = ["ids", "limits", "text"];

/// Types of a service that are values, in files that hold more than that.
const TYPES: [&str; 1] = ["journal::change::Operation"];

/// What begins a path without being a crate.
const PRIMITIVES: [&str; 19] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16",
    "u32", "u64", "u128", "usize", "core", "Self",
];

/// Calls that read a clock, a die or the machine, of whatever value; and what waits, or is said to the outside.
const CALLS: [&str; 6] = ["elapsed", "new_v4", "now", "now_v7", "system", "try_system"];
const WORDS: [&str; 9] =
    ["async", "await", "dbg", "eprint", "eprintln", "extern", "print", "println", "unsafe"];

fn is_rule(path: &str) -> bool {
    (plays(path, "rules") || ["text.rs", "ranks.rs"].contains(&path)) && !path.ends_with("tests.rs")
}

/// What the rules among these files name that is not a value, each with its line.
fn impurities(sources: &Sources) -> Vec<String> {
    let rules = sources.iter().filter(|(path, _)| is_rule(path));
    rules.flat_map(|(path, text)| impure(sources, path, text)).collect()
}

fn impure(sources: &Sources, path: &str, text: &str) -> Vec<String> {
    let file = File::read(text);
    let rule = Rule { sources, module: path.trim_end_matches(".rs").split('/').collect(), file };
    let imports = rule.file.imports.values().filter(|named| !rule.allows(&named.path));
    let paths = rule.file.paths.iter().filter(|named| !rule.allows(&named.path));
    let named = |named: &Named| (named.line, named.path.join("::"));
    let mut found: Vec<_> = imports.chain(paths).map(named).collect();
    found.extend(rule.file.globs.iter().map(|glob| (glob.line, glob.path.join("::") + "::*")));
    let tokens = tokens::read(text);
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |before| tokens[before].text);
        let called = [".", "::"].contains(&before) && CALLS.contains(&token.text);
        if called || WORDS.contains(&token.text) {
            found.push((token.line, token.text.to_owned()));
        }
    }
    found.sort();
    found.into_iter().map(|(line, what)| format!("{path}:{line} {what}")).collect()
}

/// A file of rules, in its crate.
struct Rule<'a> {
    sources: &'a Sources,
    module: Vec<&'a str>,
    file: File,
}

impl Rule<'_> {
    fn allows(&self, path: &[String]) -> bool {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let (head, rest) = (path[0], &path[1..]);
        let ups = path.iter().take_while(|word| **word == "super").count();
        if head == "crate" {
            return self.allows_of_crate(rest);
        } else if head == "self" {
            return self.allows_of_crate(&[&self.module, rest].concat());
        } else if ups > 0 {
            let Some(left) = self.module.len().checked_sub(ups) else { return false };
            return self.allows_of_crate(&[&self.module[..left], &path[ups..]].concat());
        }
        if let Some(import) = self.file.imports.get(head).filter(|named| named.path != path) {
            let whole: Vec<String> =
                import.path.iter().cloned().chain(rest.iter().map(|&word| word.into())).collect();
            return self.allows(&whole);
        }
        let is_type = head.starts_with(char::is_uppercase);
        let child = [&self.module[..], &[head]].concat().join("/");
        is_type
            || PRIMITIVES.contains(&head)
            || self.sources.contains_key(&format!("{child}.rs"))
            || VALUES.iter().any(|value| starts(&path, value))
    }

    /// Of its own crate a rule names other rules, plain values, and the types of rows and errors: a table is none.
    fn allows_of_crate(&self, path: &[&str]) -> bool {
        let role = path.iter().position(|word| ["row", "error"].contains(word));
        let is_row = role.is_some_and(|at| {
            let inner = path[..path.len().min(at + 2)].join("/");
            let below = usize::from(self.sources.contains_key(&format!("{inner}.rs")));
            path.get(at + 1 + below).is_some_and(|item| item.starts_with(char::is_uppercase))
        });
        path.contains(&"rules")
            || is_row
            || path.first().is_some_and(|module| PLAIN.contains(module))
            || TYPES.iter().any(|known| starts(path, known))
    }
}

fn starts(path: &[&str], with: &str) -> bool {
    let mut words = path.iter();
    with.split("::").all(|word| words.next() == Some(&word))
}

#[test]
fn rules_are_pure() {
    for service in ["auth", "tasks"] {
        let sources = sources_of(service);
        assert!(sources.keys().any(|path| plays(path, "rules")), "{service} has no rules");
        assert_eq!(impurities(&sources), Vec::<String>::new(), "rules of {service}");
    }
}

/// What is found in this text, as rules of tasks and as those of labels below them.
fn found(text: &str) -> Vec<String> {
    let files = [("tasks/row.rs", ""), ("tasks/row/labels.rs", ""), ("tasks/store.rs", "")];
    let places = ["tasks/rules.rs", "tasks/rules/labels.rs"];
    let planted = places.map(|place| {
        let all = files.into_iter().chain([(place, text)]);
        let found =
            impurities(&all.map(|(path, text)| (path.to_owned(), text.to_owned())).collect());
        found.into_iter().map(|line| line.replace(place, "")).collect::<Vec<_>>()
    });
    assert_eq!(planted[0].is_empty(), planted[1].is_empty(), "{text}: {planted:?}");
    planted[0].clone()
}

#[test]
fn what_is_not_a_value_is_found_in_a_rule() {
    for planted in [
        "fn f() { std::time::SystemTime::now(); }",
        "fn f() { ::std::time::Instant::now(); }",
        "use std::time::{Duration, SystemTime};",
        "use std::fs;",
        "use std::env::var;",
        "use std::io::Write as _;",
        "use std::net::TcpStream;",
        "use std::{process, thread};",
        "use std::collections::hash_map::RandomState;",
        "fn f() { fastrand::u8(..); }",
        "use rand::Rng as _; use kit_base::Timestamp as _;",
        "use ring::rand::SystemRandom;",
        "use tokio::time;",
        "async fn f() {}",
        "use kit_base::Clock;",
        "use kit_base::chance;",
        "fn f(clock: &impl Ticks) { clock.now(); }",
        "use uuid::Uuid; fn f() { Uuid::now_v7(); }",
        "use jiff::tz::TimeZone; fn f() { TimeZone::system(); }",
        "fn f() { jiff::Timestamp::now(); }",
        "use kit_db::Db;",
        "#[derive(diesel::Queryable)] struct A;",
        "use diesel::prelude::*;",
        "use tonic::Code;",
        "use proto::tasks::v1::Task;",
        "fn f() { metrics::counter!(); }",
        "fn f() { tracing::info!(); }",
        "fn f() { println!(); }",
        "use crate::tasks::store;",
        "use crate::tasks::{message, rpc};",
        "use crate::tasks::write::create;",
        "use crate::metrics::REFUSED;",
        "use crate::schema::sessions;",
        "use crate::tasks::row;",
        "use crate::tasks::row::*;",
        "use crate::tasks::row::tasks;",
        "use crate::tasks::row::task_labels as found;",
        "use crate::tasks as all; fn f() { all::row::tasks::id; }",
        "fn f() { crate::tasks::row::tasks::table; }",
        "use crate::journal::change::{Operation, journal};",
    ] {
        assert!(!found(planted).is_empty(), "{planted}");
    }
    assert_eq!(
        found("use crate::tasks::store;\nfn f() { store::get(); }"),
        [":1 crate::tasks::store", ":2 store::get"]
    );
}

#[test]
fn values_rows_and_other_rules_are_no_fault_of_a_rule() {
    for planted in [
        "use std::{collections::HashSet, net::IpAddr, time::Duration};",
        "use crate::{ids::TaskId, limits::TITLE, text, passwords::rules as password};",
        "use crate::tasks::{error::Error, row::{Task, labels::Labels}, rules::due::Due};",
        "use crate::journal::change::Operation; fn f() { Operation::Create; u32::from(1); Self::g(); }",
        "fn f(now: Timestamp) -> bool { later(now) } // std::fs\nstatic TEXT: &str = \"std::env::var\";",
        "#[cfg(test)]\nmod tests { use std::fs; }",
    ] {
        assert_eq!(found(planted), Vec::<String>::new(), "{planted}");
    }
}
