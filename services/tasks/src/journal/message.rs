//! The journal as messages say it.
use kit_base::page::{self, PageError};
use proto::tasks::v1::{self, ObjectType};
use uuid::Uuid;

use super::change::Change;
use crate::{Error, ids::ScopeId};

const LIST: &str = "changes";

/// A cursor: how far in each scope. One scope today.
pub(crate) fn cursor(scope: ScopeId, sequence: i64) -> String {
    page::encode(LIST, &[(scope.0, sequence)])
}

/// How far a cursor is in a scope; none when it is empty.
pub(crate) fn position(scope: ScopeId, cursor: &str) -> Result<Option<i64>, Error> {
    let Some(positions) = page::decode::<Vec<(Uuid, i64)>>(LIST, cursor)? else { return Ok(None) };
    let own = positions.into_iter().find(|(id, sequence)| *id == scope.0 && *sequence >= 0);
    own.map(|(_, sequence)| Some(sequence)).ok_or(PageError::Cursor.into())
}

/// The contract's name of a type of objects: that of the journal, spelled as Protocol Buffers spell enums.
pub(crate) fn object_type(name: &str) -> ObjectType {
    let name = format!("OBJECT_TYPE_{}", name.to_ascii_uppercase());
    ObjectType::from_str_name(&name).unwrap_or(ObjectType::Unspecified)
}

impl From<Change> for v1::Change {
    fn from(change: Change) -> Self {
        let Change {
            scope_id,
            sequence,
            at,
            actor_id,
            session_id: _,
            request_id,
            trace_id: _,
            object_type: of_type,
            object_id,
            object_version,
            operation,
            changes,
        } = change;
        Self {
            scope_id: scope_id.to_string(),
            sequence,
            at: Some(proto::moment(at)),
            actor_id: actor_id.to_string(),
            object_type: object_type(&of_type).into(),
            object_type_name: of_type,
            object_id: object_id.to_string(),
            object_version,
            operation,
            changes: changes.0,
            request_id,
            cursor: cursor(scope_id, sequence),
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_base::{Fault as _, Timestamp};
    use kit_db::sql::JsonText;

    use super::*;
    use crate::{
        ids::{ObjectId, SessionId, UserId},
        journal::rows::Row as _,
        tasks::row::Task,
    };

    fn scope(number: u128) -> ScopeId {
        ScopeId(Uuid::from_u128(number))
    }

    #[test]
    fn a_cursor_is_read_back_in_its_scope_alone() {
        for sequence in [0, 1, 1 << 53, i64::MAX - 1, i64::MAX] {
            let cursor = cursor(scope(7), sequence);
            assert_eq!(position(scope(7), &cursor).unwrap(), Some(sequence));
            let other = position(scope(8), &cursor).unwrap_err();
            assert_eq!(other.fault().1, "INVALID_CURSOR", "{sequence}");
        }
        assert_eq!(position(scope(7), "").unwrap(), None);
    }

    #[test]
    fn a_position_that_no_journal_has_is_refused() {
        let (own, other) = (scope(7).0, scope(8).0);
        for positions in [
            vec![],
            vec![(own, -1)],
            vec![(own, i64::MIN)],
            vec![(other, 1)],
            vec![(other, 1), (own, -1)],
        ] {
            let refused = position(scope(7), &page::encode(LIST, &positions)).unwrap_err();
            assert_eq!(refused.fault().1, "INVALID_CURSOR", "{positions:?}");
        }
        let several = page::encode(LIST, &[(other, -1), (own, 5), (own, 6)]);
        assert_eq!(position(scope(7), &several).unwrap(), Some(5));
    }

    #[test]
    fn what_is_no_cursor_of_the_feed_is_refused() {
        let of_list = page::encode("activity", &7);
        let shaped = |json: serde_json::Value| page::encode(LIST, &json);
        let own = scope(7).0;
        for (cursor, reason) in [
            (of_list, "CURSOR_MISMATCH"),
            ("%".to_owned(), "INVALID_CURSOR"),
            ("e30".to_owned(), "INVALID_CURSOR"),
            (shaped(serde_json::json!(7)), "INVALID_CURSOR"),
            (shaped(serde_json::json!([[own, 1.5]])), "INVALID_CURSOR"),
            (shaped(serde_json::json!([[own, u64::MAX]])), "INVALID_CURSOR"),
            (shaped(serde_json::json!([[own]])), "INVALID_CURSOR"),
            (shaped(serde_json::json!([["x", 1]])), "INVALID_CURSOR"),
        ] {
            let refused = position(scope(7), &cursor).unwrap_err();
            assert_eq!(refused.fault().1, reason, "{cursor}");
        }
    }

    #[test]
    fn each_type_that_the_journal_names_is_in_the_contract() {
        assert_eq!(object_type(Task::TYPE), ObjectType::Task);
        for kind in crate::kinds() {
            assert_ne!(
                object_type(kind.object_type),
                ObjectType::Unspecified,
                "{}",
                kind.object_type
            );
        }
        for unknown in ["", "tasks", "unspecified", "TASK_", "Ä"] {
            assert_eq!(object_type(unknown), ObjectType::Unspecified, "{unknown}");
        }
    }

    #[test]
    fn an_entry_is_told_with_the_cursor_that_goes_on_behind_it() {
        let id = Uuid::from_u128(9);
        let change = Change {
            scope_id: scope(7),
            sequence: 5,
            at: Timestamp::from_microseconds(1_000_001),
            actor_id: UserId(id),
            session_id: SessionId(id),
            request_id: "r".to_owned(),
            trace_id: "t".to_owned(),
            object_type: "task".to_owned(),
            object_id: ObjectId(id),
            object_version: 3,
            operation: "complete".to_owned(),
            changes: JsonText("{}".to_owned()),
        };
        let change = v1::Change::from(change);
        assert_eq!(position(scope(7), &change.cursor).unwrap(), Some(5));
        assert_eq!((change.sequence, change.object_version), (5, 3));
        assert_eq!((change.operation.as_str(), change.changes.as_str()), ("complete", "{}"));
        assert_eq!(change.at, Some(prost_types::Timestamp { seconds: 1, nanos: 1_000 }));
        assert_eq!((change.actor_id, change.object_id), (id.to_string(), id.to_string()));
        assert_eq!((change.scope_id, change.request_id), (scope(7).to_string(), "r".to_owned()));
    }
}
