use diesel::prelude::*;
use kit_base::Timestamp;

use crate::ids::SessionId;

diesel::table! {
    use kit_db::sql::{Instant, Uuid};

    revocations (session_id) {
        session_id -> Uuid,
        created_at -> Instant,
        until -> Instant,
    }
}

/// A session that ended while its access tokens may still be alive.
#[derive(Insertable)]
#[diesel(table_name = revocations)]
pub(crate) struct NewRevocation {
    pub(crate) session_id: SessionId,
    pub(crate) created_at: Timestamp,
    pub(crate) until: Timestamp,
}
