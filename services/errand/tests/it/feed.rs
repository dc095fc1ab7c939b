//! Someone who reads the change feed and keeps a copy of everything by it.
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::user::{User, text};

/// The state of all objects, built from nothing but their changes.
#[derive(Default)]
pub(crate) struct Copy {
    /// The object of each id: its fields, and its `version`.
    pub(crate) objects: BTreeMap<String, Map<String, Value>>,
    /// The last change of each scope.
    sequences: BTreeMap<String, i64>,
    /// Where to go on reading.
    pub(crate) cursor: String,
}

impl Copy {
    /// Reads all changes there are.
    pub(crate) async fn catches_up(&mut self, user: &User) {
        loop {
            let page = user.reads(&format!("/v1/changes?limit=100{}", self.from())).await;
            for change in page["items"].as_array().expect("items") {
                self.applies(change);
            }
            text(&page["next_cursor"]).clone_into(&mut self.cursor);
            if page["has_more"] != true {
                return;
            }
        }
    }

    /// The query that goes on where this copy is.
    pub(crate) fn from(&self) -> String {
        if self.cursor.is_empty() { String::new() } else { format!("&cursor={}", self.cursor) }
    }

    /// Applies the change that follows the last one of its scope: one that was skipped, repeated or reordered fails here.
    pub(crate) fn applies(&mut self, change: &Value) {
        let sequence = change["sequence"].as_i64().expect("a sequence");
        let last = self.sequences.entry(text(&change["scope_id"]).to_owned()).or_default();
        assert_eq!(sequence, *last + 1, "the journal has a gap or a fold at {change}");
        *last = sequence;

        let id = text(&change["object_id"]).to_owned();
        if change["operation"] == "purge" {
            self.objects.remove(&id);
            return;
        }
        let object = self.objects.entry(id).or_default();
        for (field, change) in change["changes"].as_object().expect("changes") {
            if let Some(from) = change.get("from") {
                assert_eq!(object.get(field), Some(from), "{field} was something else before");
            }
            object.insert(field.clone(), change["to"].clone());
        }
        object.insert("version".to_owned(), change["object_version"].clone());
        object.insert("object_type".to_owned(), change["object_type"].clone());
    }

    /// The live objects of a kind.
    pub(crate) fn live(&self, kind: &str) -> BTreeMap<&str, &Map<String, Value>> {
        let live = self.objects.iter().filter(|(_, object)| {
            object["object_type"] == kind && object.get("deleted_at").is_none_or(Value::is_null)
        });
        live.map(|(id, object)| (id.as_str(), object)).collect()
    }

    /// Compares this copy with what the lists say.
    pub(crate) async fn equals_what(&self, user: &User) {
        for (kind, path) in [("task", "/v1/tasks?limit=200"), ("project", "/v1/projects?limit=200")]
        {
            let listed = user.reads_all(path).await;
            let live = self.live(kind);
            let mut ids: Vec<&str> = listed.iter().map(|object| text(&object["id"])).collect();
            ids.sort_unstable();
            assert_eq!(ids, live.keys().copied().collect::<Vec<_>>(), "the {kind}s there are");
            for object in &listed {
                same(object, live[text(&object["id"])]);
            }
        }
    }
}

/// Each field that both know is the same.
fn same(listed: &Value, copied: &Map<String, Value>) {
    let mut compared = 0;
    for (field, value) in copied {
        if let Some(shown) = listed.get(field) {
            assert_eq!(shown, value, "{field} of {listed}");
            compared += 1;
        }
    }
    assert!(compared >= 3, "nothing to compare in {listed} and {copied:?}");
}
