use crate::ids::AccountId;
use diesel::prelude::*;
use kit_base::Timestamp;

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Uuid};

    accounts (id) {
        id -> Uuid,
        email -> Text,
        name -> Text,
        time_zone -> Text,
        password_hash -> Text,
        password_set_at -> Instant,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        last_login_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Uuid};

    deletions (account_id) {
        account_id -> Uuid,
        deleted_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::Uuid;

    addresses (key) {
        key -> Text,
        account_id -> Uuid,
    }
}

diesel::allow_tables_to_appear_in_same_query!(accounts, addresses);

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
