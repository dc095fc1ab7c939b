use diesel::prelude::*;
use kit_base::Timestamp;

use crate::ids::AccountId;

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Uuid};

    idempotency_keys (user_id, key) {
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
    pub(crate) user_id: AccountId,
    pub(crate) key: String,
    pub(crate) fingerprint: Vec<u8>,
    /// The reply, encoded.
    pub(crate) reply: Vec<u8>,
    pub(crate) created_at: Timestamp,
}
