//! What a write changed, as the journal keeps it: `{"field": {"from": old, "to": new}}`, without `from` where there was nothing.
use kit_db::sql::JsonText;
use serde::Serialize;

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
        if let Some(before) = &before {
            self.value("\"from\":", before);
            self.0.push(',');
        }
        self.value("\"to\":", &after);
        self.0.push('}');
    }

    fn value<T: Serialize>(&mut self, key: &str, value: &T) {
        self.0.push_str(key);
        self.0.push_str(&serde_json::to_string(value).expect("plain data"));
    }

    /// The JSON document.
    pub(crate) fn into_json(mut self) -> JsonText {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        JsonText(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
