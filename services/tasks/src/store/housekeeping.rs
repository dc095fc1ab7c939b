//! Deleting what is too old.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit::{Db, Timestamp, db::Connection, on, read};

use crate::{
    Error,
    domain::{ObjectId, ScopeId, UserId},
    schema::{idempotency_keys, journal, projects, tasks},
};

/// Rows of a kind that one pass deletes, so that its locks are short.
const MOST: i64 = 5_000;

/// Deletes idempotency keys and journal entries from before the given moments; how many rows.
pub(crate) async fn sweep(db: &Db, keys: Timestamp, feed: Timestamp) -> Result<usize, Error> {
    db.write("housekeeping", move |connection| {
        Box::pin(async move {
            Ok(old_keys(connection, keys).await? + old_events(connection, feed).await?)
        })
    })
    .await
}

/// What was deleted before a moment: at most as many acts as one pass purges.
pub(crate) async fn old_trash(
    db: &Db,
    before: Timestamp,
) -> Result<Vec<(ScopeId, ObjectId)>, Error> {
    let tasks = tasks::table
        .filter(tasks::trashed_at.lt(before))
        .filter(tasks::trash_id.eq(tasks::id.nullable()));
    let tasks = tasks.select((tasks::scope_id, tasks::id)).limit(MOST);
    let projects = projects::table
        .filter(projects::trashed_at.lt(before))
        .select((projects::scope_id, projects::id))
        .limit(MOST);
    let mut old: Vec<(ScopeId, ObjectId)> =
        read!(db, "trash.old_tasks", conn => tasks.load(conn).await)?;
    let projects: Vec<(ScopeId, ObjectId)> =
        read!(db, "trash.old_projects", conn => projects.load(conn).await)?;
    old.extend(projects);
    Ok(old)
}

async fn old_keys(connection: &mut Connection, before: Timestamp) -> Result<usize, Error> {
    use idempotency_keys::{created_at, key, scope_id, table, user_id};
    let old = table.filter(created_at.lt(before)).select((scope_id, user_id, key)).limit(MOST);
    let old: Vec<(ScopeId, UserId, String)> = on!(connection, conn => old.load(conn).await)?;
    let mut deleted = 0;
    for id in old {
        deleted += on!(connection, conn => diesel::delete(table.find(id)).execute(conn).await)?;
    }
    Ok(deleted)
}

async fn old_events(connection: &mut Connection, before: Timestamp) -> Result<usize, Error> {
    use journal::{at, scope_id, sequence, table};
    // From the oldest on, scope by scope: the feed tells a cursor that is too old by the gap at its beginning.
    let old = table
        .filter(at.lt(before))
        .group_by(scope_id)
        .select((scope_id, diesel::dsl::max(sequence)))
        .limit(100);
    let old: Vec<(ScopeId, Option<i64>)> = on!(connection, conn => old.load(conn).await)?;
    let mut deleted = 0;
    for (scope, last) in old {
        let gone = table
            .filter(scope_id.eq(scope))
            .filter(sequence.le(last.unwrap_or(0)))
            .filter(at.lt(before));
        deleted += on!(connection, conn => diesel::delete(gone).execute(conn).await)?;
    }
    Ok(deleted)
}
