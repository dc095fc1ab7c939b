//! Idempotency keys: what a write answered, kept in the write's own transaction for 24 hours.
use diesel::prelude::*;

use crate::ids::{ScopeId, UserId};

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Uuid};

    idempotency_keys (scope_id, user_id, key) {
        scope_id -> Uuid,
        user_id -> Uuid,
        key -> Text,
        fingerprint -> Binary,
        reply -> Binary,
        created_at -> Instant,
    }
}

/// A key that was used, and what the write answered.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub(crate) struct UsedKey {
    pub(crate) scope_id: ScopeId,
    pub(crate) user_id: UserId,
    pub(crate) key: String,
    /// SHA-256 of the method and the message.
    pub(crate) fingerprint: Vec<u8>,
    /// The reply, encoded.
    pub(crate) reply: Vec<u8>,
    pub(crate) created_at: kit_base::Timestamp,
}

impl UsedKey {
    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        256 + self.key.len() + self.reply.len()
    }
}
