//! The steps of the schema. They only expand: the release before goes on working on the schema after.
use kit::db::Migration;

/// All of them, in order.
pub const ALL: &[Migration] = &[Migration {
    version: 1,
    name: "tasks",
    postgres: include_str!("../migrations/0001_tasks/postgres.sql"),
    sqlite: include_str!("../migrations/0001_tasks/sqlite.sql"),
}];
