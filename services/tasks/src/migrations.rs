//! The steps of the schema. They only expand: the release before goes on working on the schema after.
use kit::{
    Db,
    db::{Migration, migrate},
};

/// All of them, in order.
pub const ALL: &[Migration] = &[Migration {
    version: 1,
    name: "tasks",
    postgres: include_str!("../migrations/0001_tasks/postgres.sql"),
    sqlite: include_str!("../migrations/0001_tasks/sqlite.sql"),
}];

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
