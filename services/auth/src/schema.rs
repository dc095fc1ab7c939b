//! The tables, with types that are real ones on PostgreSQL and the nearest there are on SQLite.
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

diesel::table! {
    use kit_db::sql::{Instant, Uuid};

    revocations (session_id) {
        session_id -> Uuid,
        created_at -> Instant,
        until -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::Instant;

    attempts (key) {
        key -> Binary,
        failures -> Integer,
        open_at -> Instant,
        seen_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::Instant;

    signing_keys (generation) {
        generation -> Integer,
        id -> Text,
        public_key -> Binary,
        private_key -> Binary,
        created_at -> Instant,
        signs_from -> Instant,
    }
}

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

diesel::joinable!(sessions -> accounts (account_id));
diesel::allow_tables_to_appear_in_same_query!(accounts, sessions, refresh_tokens);
diesel::allow_tables_to_appear_in_same_query!(accounts, addresses);
