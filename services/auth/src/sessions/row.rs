use diesel::prelude::*;
use kit_base::Timestamp;

use crate::{
    accounts::row::accounts,
    ids::{AccountId, SessionId},
};

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Uuid};

    sessions (account_id, id) {
        account_id -> Uuid,
        id -> Uuid,
        address -> Text,
        user_agent -> Text,
        created_at -> Instant,
        last_seen_at -> Instant,
        expires_at -> Instant,
        ended_at -> Nullable<Instant>,
    }
}

diesel::joinable!(sessions -> accounts (account_id));

/// A login.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(crate) struct Session {
    pub(crate) account_id: AccountId,
    pub(crate) id: SessionId,
    pub(crate) address: String,
    pub(crate) user_agent: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}
