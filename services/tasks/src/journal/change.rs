//! A change: an entry of the journal, one object changed by one write.
use diesel::prelude::*;
use kit_base::Timestamp;
use kit_db::sql::JsonText;

use crate::ids::{ObjectId, ScopeId, SessionId, UserId};

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Json, Uuid};

    journal (scope_id, sequence) {
        scope_id -> Uuid,
        sequence -> BigInt,
        at -> Instant,
        actor_id -> Uuid,
        session_id -> Uuid,
        request_id -> Text,
        trace_id -> Text,
        object_type -> Text,
        object_id -> Uuid,
        object_version -> BigInt,
        operation -> Text,
        changes -> Json,
    }
}

/// An entry of the journal, as the database keeps it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal, treat_none_as_default_value = false)]
pub(crate) struct Change {
    pub(crate) scope_id: ScopeId,
    /// Counts from 1 in each scope, without a gap.
    pub(crate) sequence: i64,
    pub(crate) at: Timestamp,
    pub(crate) actor_id: UserId,
    pub(crate) session_id: SessionId,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    /// What [`Row::TYPE`](super::rows::Row::TYPE) says, or that of a later release.
    pub(crate) object_type: String,
    pub(crate) object_id: ObjectId,
    pub(crate) object_version: i64,
    /// One of [`Operation`], or what a later release did that writes beside this one.
    pub(crate) operation: String,
    /// See [`ChangedFields`](super::fields::ChangedFields).
    pub(crate) changes: JsonText,
}

impl Change {
    /// About how many bytes its message takes.
    pub(crate) fn bytes(&self) -> usize {
        512 + self.changes.0.len()
    }
}

/// Who writes, and as part of which request.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) user_id: UserId,
    pub(crate) session_id: SessionId,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
}

kit_db::names! {
    /// What was done to an object.
    Operation {
        Create = "create", Update = "update", Complete = "complete", Reopen = "reopen", Move = "move", Delete = "delete",
        Restore = "restore", Purge = "purge",
    }
}

#[test]
fn what_was_done_is_told_by_the_words_of_the_contract() {
    assert_eq!(Operation::NAMES, crate::limits::OPERATIONS);
}
