use diesel::prelude::*;
use kit_base::Timestamp;

use super::rules::AccountId;
use crate::schema::accounts;

/// Someone who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) time_zone: String,
    pub(crate) password_hash: String,
    /// When the password was last set; a new hash of the same one leaves it.
    pub(crate) password_set_at: Timestamp,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) last_login_at: Option<Timestamp>,
}
