//! The README's table of settings: which there are, who reads them and their defaults come from the processes, what they say from people.
use std::{collections::BTreeMap, env::var_os, fmt::Write as _, fs, path::Path};

use kit_process::{
    Settings,
    admin::Entry,
    admission::Admission,
    config::{Environment, Listen, load},
    serve::Limits,
    telemetry::Telemetry,
};
use serde_json::Value;

const EVERY: &str = "every process";
const HEAD: &str = "| variable | of | default | what it says |\n| --- | --- | --- | --- |\n";

/// By its name, a variable's default for each who reads it.
type Declared = BTreeMap<String, Vec<(&'static str, String)>>;

fn declared() -> Declared {
    let mut declared = Declared::from([("CONFIG_FILE".to_owned(), vec![(EVERY, String::new())])]);
    declare::<Listen>(&mut declared, &[EVERY]);
    declare::<Entry>(&mut declared, &[EVERY]);
    declare::<Limits>(&mut declared, &[EVERY]);
    declare::<Telemetry>(&mut declared, &[EVERY]);
    declare::<auth::Config>(&mut declared, &["auth"]);
    declare::<Admission>(&mut declared, &["auth", "tasks"]);
    declare::<tasks::Config>(&mut declared, &["tasks"]);
    declare::<gateway::Config>(&mut declared, &["gateway"]);
    let loaded = load(&Environment::from_iter([("", "")]), errand::Config::read).expect("defaults");
    for (name, default) in loaded.values {
        let (_, shared) = name.split_once('_').unwrap_or_default();
        if !declared.contains_key(&name) && !declared.contains_key(shared) {
            declared.insert(name, vec![("errand", default)]);
        }
    }
    declared
}

fn declare<S: Settings>(declared: &mut Declared, of: &[&'static str]) {
    let defaults = serde_json::to_value(S::default()).expect("plain fields");
    for (field, default) in defaults.as_object().expect("a struct") {
        let readers = declared.entry(field.to_uppercase()).or_default();
        for reader in of {
            if !readers.iter().any(|(known, _)| known == reader) {
                readers.push((reader, text(default)));
            }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Who reads it and its default, as two cells.
fn cells(readers: &[(&str, String)]) -> String {
    let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { format!("`{text}`") };
    let of: Vec<_> = readers.iter().map(|(reader, _)| *reader).collect();
    let (_, first) = &readers[0];
    let default = if readers.iter().all(|(_, default)| default == first) {
        shown(first)
    } else {
        let each = readers.iter().map(|(reader, default)| format!("{} ({reader})", shown(default)));
        each.collect::<Vec<_>>().join(", ")
    };
    format!("{} | {default}", of.join(", "))
}

/// The table again, with what the processes declare: rows keep their place and their last cell, new ones come last.
fn written(table: &str, declared: &Declared) -> String {
    let rows = table.lines().map(|row| {
        let name = row.split('`').nth(1).expect("a row begins with a variable");
        let said = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        (name.to_owned(), said)
    });
    let mut rows: Vec<_> = rows.filter(|(name, _)| declared.contains_key(name)).collect();
    for name in declared.keys() {
        if !rows.iter().any(|(known, _)| known == name) {
            rows.push((name.clone(), ""));
        }
    }
    rows.into_iter().fold(String::new(), |mut table, (name, said)| {
        let cells = cells(&declared[&name]);
        writeln!(table, "| `{name}` | {cells} | {said} |").expect("a string takes any text");
        table
    })
}

#[test]
fn the_table_of_settings_has_what_the_processes_declare() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(&place).expect("the README");
    let (before, rest) = readme.split_once(HEAD).expect("the table");
    let (table, after) = rest.split_once("\n\n").expect("its end");
    let table = format!("{table}\n");
    let written = written(&table, &declared());
    if var_os("UPDATE_SNAPSHOTS").is_some_and(|update| update == "1") {
        fs::write(&place, format!("{before}{HEAD}{written}\n{after}")).expect("the README again");
    } else {
        assert_eq!(table, written, "UPDATE_SNAPSHOTS=1 cargo test -p errand table_of_settings");
    }
    let silent: Vec<_> = written.lines().filter(|row| row.ends_with("|  |")).collect();
    assert!(silent.is_empty(), "what these say is for you to write: {silent:#?}");
}

#[test]
fn a_row_follows_its_setting_and_keeps_what_was_said_of_it() {
    let of = |readers: &[(&'static str, &str)]| {
        readers.iter().map(|(reader, default)| (*reader, (*default).to_owned())).collect()
    };
    let declared = Declared::from([
        ("NEW".to_owned(), of(&[(EVERY, "")])),
        ("SIZE".to_owned(), of(&[("auth", "6"), ("tasks", "8")])),
    ]);
    let table = "| `GONE` | auth | `1` | it went |\n| `SIZE` | auth | `5` | how large, `a|b` |\n";
    assert_eq!(
        written(table, &declared),
        "| `SIZE` | auth, tasks | `6` (auth), `8` (tasks) | how large, `a|b` |\n| `NEW` | every process | none |  |\n"
    );
}
