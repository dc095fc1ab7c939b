//! What the journal keeps of a write.
use diesel::prelude::*;
use kit::{Timestamp, db::sql::JsonText};
use serde_json::{Map, Value};

use super::{
    ObjectId, ScopeId, SessionId, UserId,
    names::{ObjectType, Operation},
};
use crate::schema::journal;

/// An entry of the journal.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal, treat_none_as_default_value = false)]
pub(crate) struct Event {
    pub(crate) scope_id: ScopeId,
    pub(crate) sequence: i64,
    pub(crate) at: Timestamp,
    pub(crate) actor_id: UserId,
    pub(crate) session_id: SessionId,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    pub(crate) object_type: ObjectType,
    pub(crate) object_id: ObjectId,
    pub(crate) object_version: i64,
    pub(crate) operation: Operation,
    pub(crate) changes: JsonText,
}

/// Who writes, and as part of which request.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) user_id: UserId,
    pub(crate) session_id: SessionId,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
}

/// The fields that differ, as `{"field": {"from": old, "to": new}}`; without `from` where there was nothing before.
/// None when nothing differs.
pub(crate) fn changes<const N: usize>(
    before: Option<[(&'static str, Value); N]>,
    after: [(&'static str, Value); N],
) -> Option<JsonText> {
    let mut changes = Map::new();
    match before {
        None => {
            for (field, to) in after {
                changes.insert(
                    field.to_owned(),
                    Value::Object(Map::from_iter([("to".to_owned(), to)])),
                );
            }
        }
        Some(before) => {
            for ((field, from), (_, to)) in before.into_iter().zip(after) {
                if from != to {
                    let change = Map::from_iter([("from".to_owned(), from), ("to".to_owned(), to)]);
                    changes.insert(field.to_owned(), Value::Object(change));
                }
            }
        }
    }
    (!changes.is_empty()).then(|| JsonText(Value::Object(changes).to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = [("title", json!("a")), ("due", Value::Null)];
        let after = [("title", json!("b")), ("due", Value::Null)];
        assert_eq!(
            changes(Some(before.clone()), after.clone()).unwrap().0,
            r#"{"title":{"from":"a","to":"b"}}"#
        );
        assert_eq!(
            changes(None, after.clone()).unwrap().0,
            r#"{"due":{"to":null},"title":{"to":"b"}}"#
        );
        assert_eq!(changes(Some(after.clone()), after), None);
    }
}
