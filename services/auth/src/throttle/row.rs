//! Failed attempts, as they are stored.

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
