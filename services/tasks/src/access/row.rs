//! Scopes and memberships as the database keeps them.
use diesel::prelude::*;

use kit_db::sql::JsonText;

use super::usage::Usage;
use crate::ids::{ProjectId, ScopeId};

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Json, Uuid};

    scopes (id) {
        id -> Uuid,
        sequence -> BigInt,
        inbox_id -> Uuid,
        created_at -> Instant,
        erased_at -> Nullable<Instant>,
        usage -> Nullable<Json>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::Uuid;

    memberships (user_id, scope_id) {
        user_id -> Uuid,
        scope_id -> Uuid,
        role -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(memberships, scopes);
diesel::joinable!(memberships -> scopes (scope_id));

/// A scope: its journal's last sequence number, and its Inbox.
#[derive(Clone, Debug, Queryable, Selectable, QueryableByName, Insertable)]
#[diesel(table_name = scopes)]
pub(crate) struct Scope {
    pub(crate) id: ScopeId,
    /// 0 until its Inbox was made.
    pub(crate) sequence: i64,
    pub(crate) inbox_id: ProjectId,
    pub(crate) created_at: kit_base::Timestamp,
    /// See [`Usage`].
    pub(crate) usage: Option<JsonText>,
}

impl Scope {
    /// What is kept there as it was counted last, and whether that is as it is now.
    pub(crate) fn usage(&self) -> (Usage, bool) {
        let read = |text: &JsonText| serde_json::from_str::<Usage>(&text.0).ok();
        let usage = self.usage.as_ref().and_then(read).unwrap_or_default();
        let is_current = self.usage.is_some() && usage.sequence == self.sequence;
        (usage, is_current)
    }
}
