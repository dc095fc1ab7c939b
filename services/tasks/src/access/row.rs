//! Scopes and memberships as the database keeps them.
use diesel::prelude::*;

use crate::ids::{ProjectId, ScopeId};

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Uuid};

    scopes (id) {
        id -> Uuid,
        sequence -> BigInt,
        inbox_id -> Uuid,
        created_at -> Instant,
        erased_at -> Nullable<Instant>,
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
#[derive(Clone, Debug, QueryableByName, Insertable)]
#[diesel(table_name = scopes)]
pub(crate) struct Scope {
    pub(crate) id: ScopeId,
    /// 0 until its Inbox was made.
    pub(crate) sequence: i64,
    pub(crate) inbox_id: ProjectId,
    pub(crate) created_at: kit_base::Timestamp,
}
