//! The steps of the schema, in their order.
use kit_db::Migration;

/// For whoever asks a database which release it is at.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "accounts",
        postgres: include_str!("../migrations/0001_accounts/postgres.sql"),
        sqlite: include_str!("../migrations/0001_accounts/sqlite.sql"),
        indexes: &[],
    },
    Migration {
        version: 2,
        name: "idempotency keys",
        postgres: include_str!("../migrations/0002_idempotency_keys/postgres.sql"),
        sqlite: include_str!("../migrations/0002_idempotency_keys/sqlite.sql"),
        indexes: &[],
    },
];
