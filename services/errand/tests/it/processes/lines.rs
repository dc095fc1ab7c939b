//! What the lines of the log are called, as those who ship them expect.
use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use super::{fleet::Fleet, heavy};
use crate::user::{User, path_of};

/// What is there when there is something to tell of it, as in a start that waits for a slow machine.
const RARE: [&str; 1] = ["error.message"];

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests/logging").join(path);
    serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
}

/// The dotted names of all that an index keeps.
fn kept(properties: &Value, before: &str, names: &mut BTreeSet<String>) {
    for (name, property) in properties.as_object().expect("properties") {
        let name = format!("{before}{name}");
        match property.get("properties") {
            Some(inner) => kept(inner, &format!("{name}."), names),
            None => _ = names.insert(name),
        }
    }
}

/// All lines of a process that lets somebody work, in a format.
async fn lines(format: &str) -> Vec<Value> {
    let more = vec![("LOG_FORMAT", format.to_owned()), ("LOG_LEVEL", "info".to_owned())];
    let fleet = Fleet::in_one_process_with(more).await;
    let alice = User::joins(&fleet.edges()[0], "alice").await;
    let task = alice.creates("Ship it").await;
    alice.reads(&path_of(&task)).await;
    alice.get("/v1/nothing").await.expect(404);
    fleet.processes[0].says("/v1/nothing", 1).await;
    let log = fleet.processes[0].log();
    log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn the_index_keeps_what_the_lines_have_and_nothing_else() {
    heavy(async {
        let mut kept_names = BTreeSet::new();
        let template = read("fluent-bit-elasticsearch/index-template.json");
        kept(&template["template"]["mappings"]["properties"], "", &mut kept_names);
        let mut told = BTreeSet::new();
        for line in lines("ecs").await {
            told.extend(line.as_object().expect("an object").keys().cloned());
        }
        let known: BTreeSet<_> = told.iter().filter(|name| !name.starts_with("errand.")).collect();
        let is_seen = |name: &&String| known.contains(name) || RARE.contains(&name.as_str());
        let unseen: Vec<_> = kept_names.iter().filter(|name| !is_seen(name)).collect();
        assert_eq!(unseen, Vec::<&String>::new(), "kept, and never told");
        let lost: Vec<_> = known.into_iter().filter(|name| !kept_names.contains(*name)).collect();
        assert_eq!(lost, Vec::<&String>::new(), "told, and not kept");
    });
}

#[test]
fn a_line_has_the_parts_that_the_collector_takes_apart() {
    heavy(async {
        let lines = lines("json").await;
        let answered = lines.iter().find(|line| line["body"] == "answered").expect("a request");
        for part in ["timestamp", "severity_text", "trace_id", "span_id"] {
            assert!(answered[part].is_string(), "{part} of {answered}");
        }
        assert_eq!(answered["resource"]["service.name"], "errand");
        assert!(answered["attributes"]["http.request.method"].is_string(), "{answered}");
        let names: BTreeSet<_> =
            lines.iter().flat_map(|line| line.as_object().unwrap().keys().cloned()).collect();
        let expected = [
            "attributes",
            "body",
            "resource",
            "severity_number",
            "severity_text",
            "span_id",
            "timestamp",
            "trace_id",
        ];
        assert_eq!(json!(names), json!(expected));
    });
}
