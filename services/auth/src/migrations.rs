//! The steps of the schema, in their order.
use kit_db::{Migration, migrate::Index};

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
    Migration {
        version: 3,
        name: "addresses",
        postgres: include_str!("../migrations/0003_addresses/postgres.sql"),
        sqlite: include_str!("../migrations/0003_addresses/sqlite.sql"),
        // Those that a release before wrote are looked for once a minute.
        indexes: &[Index {
            name: "accounts_beyond_ascii",
            on: "accounts (id) WHERE octet_length(email) > length(email)",
            replaces: None,
        }],
    },
    Migration {
        version: 4,
        name: "deletions",
        postgres: include_str!("../migrations/0004_deletions/postgres.sql"),
        sqlite: include_str!("../migrations/0004_deletions/sqlite.sql"),
        indexes: &[],
    },
];
