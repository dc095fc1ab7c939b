//! The steps of the schema. They only expand: the release before goes on working on the schema after.
use kit_db::{
    Db, Migration,
    migrate::{self, Index},
};

/// All of them, in order.
pub const ALL: &[Migration] = &[
    Migration {
        version: 1,
        name: "tasks",
        postgres: include_str!("../migrations/0001_tasks/postgres.sql"),
        sqlite: include_str!("../migrations/0001_tasks/sqlite.sql"),
        indexes: &[],
    },
    Migration {
        version: 2,
        name: "words and order",
        postgres: include_str!("../migrations/0002_words_and_order/postgres.sql"),
        sqlite: include_str!("../migrations/0002_words_and_order/sqlite.sql"),
        indexes: &[
            Index { name: "tasks_created", on: "tasks (scope_id, created_at, id)" },
            Index {
                name: "tasks_deleted",
                on: "tasks (scope_id, trashed_at, id) WHERE trash_id = id",
            },
            Index {
                name: "projects_deleted",
                on: "projects (scope_id, trashed_at, id) WHERE trash_id = id",
            },
        ],
    },
    Migration {
        version: 3,
        name: "estimates",
        postgres: include_str!("../migrations/0003_estimates/both.sql"),
        sqlite: include_str!("../migrations/0003_estimates/both.sql"),
        indexes: &[],
    },
    Migration {
        version: 4,
        name: "unfolded",
        postgres: include_str!("../migrations/0004_unfolded/postgres.sql"),
        sqlite: include_str!("../migrations/0004_unfolded/sqlite.sql"),
        indexes: &[],
    },
];

/// Whether the schema is the one this release needs, which it is brought to where that is wanted.
pub(crate) async fn ready(db: Db, migrating: bool) -> Result<(), String> {
    db.up().await.map_err(|error| error.to_string())?;
    if migrating {
        migrate::apply(&db, ALL)
            .await
            .map_err(|error| format!("the schema could not be migrated: {error:?}"))?;
    }
    migrate::check(&db, ALL).await.map(drop)
}
