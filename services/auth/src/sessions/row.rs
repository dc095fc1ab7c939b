use diesel::prelude::*;
use kit_base::Timestamp;

use super::rules::SessionId;
use crate::{accounts::rules::AccountId, schema::sessions};

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
