use diesel::prelude::*;
use kit_base::Timestamp;

use super::rules::Life;
use crate::{
    accounts::row::accounts,
    ids::{AccountId, SessionId},
    sessions::row::sessions,
};

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Uuid};

    refresh_tokens (hash) {
        hash -> Binary,
        account_id -> Uuid,
        session_id -> Uuid,
        issued_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(accounts, sessions, refresh_tokens);

/// What is stored of a refresh token.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false)]
pub(crate) struct StoredToken {
    pub(crate) hash: Vec<u8>,
    pub(crate) account_id: AccountId,
    pub(crate) session_id: SessionId,
    pub(crate) issued_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

/// A refresh token that is known, with what is known of its session.
#[derive(Clone, Debug, Queryable)]
pub(crate) struct KnownToken {
    pub(crate) account_id: AccountId,
    pub(crate) session_id: SessionId,
    pub(crate) issued_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

impl KnownToken {
    /// What decides whether it is good for anything.
    pub(crate) fn life(&self) -> Life {
        let Self {
            account_id: _,
            session_id: _,
            issued_at,
            used_at,
            created_at: _,
            expires_at,
            ended_at,
        } = *self;
        Life { issued_at, used_at, expires_at, ended_at }
    }
}
