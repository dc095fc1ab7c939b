//! What a write changed, as the journal keeps it: `{"field": {"from": old, "to": new}}`, without `from` where there was nothing, and
//! where it is long: an earlier change has it as its `to`.
use kit_db::sql::JsonText;
use serde::Serialize;

/// What was there before is told up to this length, in bytes of JSON.
const LONGEST_FROM: usize = 4 * 1024;

/// The fields that differ between two rows.
#[derive(Debug, Default)]
pub(crate) struct ChangedFields(String);

impl ChangedFields {
    /// Notes a field by its name in the API, unless it is as it was.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "most values are references or made for this"
    )]
    pub(crate) fn field<T: PartialEq + Serialize>(
        &mut self,
        name: &str,
        before: Option<T>,
        after: T,
    ) {
        if before.as_ref() == Some(&after) {
            return;
        }
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.value("", &name);
        self.0.push_str(":{");
        let before = before.map(|before| json(&before)).filter(|text| text.len() <= LONGEST_FROM);
        if let Some(before) = before {
            self.0.push_str("\"from\":");
            self.0.push_str(&before);
            self.0.push(',');
        }
        self.value("\"to\":", &after);
        self.0.push('}');
    }

    fn value<T: Serialize>(&mut self, key: &str, value: &T) {
        self.0.push_str(key);
        self.0.push_str(&json(value));
    }

    /// The JSON document.
    pub(crate) fn into_json(mut self) -> JsonText {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        JsonText(self.0)
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_told_unless_it_is_long() {
        for (length, told) in [(LONGEST_FROM - 2, true), (LONGEST_FROM - 1, false)] {
            let mut changes = ChangedFields::default();
            changes.field("description", Some("x".repeat(length)), "y".repeat(length));
            let json = changes.into_json().0;
            assert_eq!(json.contains("from"), told, "{length}");
            assert!(json.contains(&format!(r#""to":"{}""#, "y".repeat(length))));
        }
    }

    #[test]
    fn only_what_differs_is_told() {
        let mut changes = ChangedFields::default();
        changes.field("title", Some("a"), "b");
        changes.field("due", Some(None::<&str>), None);
        changes.field("done", Some(true), false);
        assert_eq!(
            changes.into_json().0,
            r#"{"title":{"from":"a","to":"b"},"done":{"from":true,"to":false}}"#
        );
    }

    #[test]
    fn what_is_new_comes_from_nowhere() {
        let mut changes = ChangedFields::default();
        changes.field("title", None, "say \"b\"");
        changes.field("due", None, None::<&str>);
        assert_eq!(changes.into_json().0, r#"{"title":{"to":"say \"b\""},"due":{"to":null}}"#);
    }

    #[test]
    fn nothing_is_an_empty_object() {
        let mut changes = ChangedFields::default();
        changes.field("title", Some("a"), "a");
        assert_eq!(changes.into_json().0, "{}");
    }
}
