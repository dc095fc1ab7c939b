//! The journal and the idempotency keys: read, and deleted when they are too old.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{Connection, Db, Limited, Plan, on, read};

use super::{
    change::{Change, journal},
    keys::idempotency_keys,
};
use crate::{
    Error,
    ids::{ScopeId, UserId},
};

/// At most `limit` changes after `sequence`, oldest first.
pub(crate) async fn changes_after(
    db: &Db,
    scope: ScopeId,
    sequence: i64,
    limit: i64,
) -> Result<Vec<Change>, Error> {
    let rows = journal::table
        .filter(journal::scope_id.eq(Plan::General.bind(scope)))
        .filter(journal::sequence.gt(Plan::General.bind(sequence)));
    let rows = rows.order(journal::sequence.asc());
    Ok(
        read!(db, "journal.after", conn => Limited(rows.select(Change::as_select()), limit).load(conn).await)?,
    )
}

/// At most `limit` changes before `sequence`, newest first.
pub(crate) async fn changes_before(
    db: &Db,
    scope: ScopeId,
    sequence: i64,
    limit: i64,
) -> Result<Vec<Change>, Error> {
    let rows = journal::table
        .filter(journal::scope_id.eq(Plan::General.bind(scope)))
        .filter(journal::sequence.lt(Plan::General.bind(sequence)));
    let rows = rows.order(journal::sequence.desc());
    Ok(
        read!(db, "journal.before", conn => Limited(rows.select(Change::as_select()), limit).load(conn).await)?,
    )
}

/// Rows of a kind that one pass deletes, so that its locks are short.
const MOST: i64 = 5_000;

/// Deletes idempotency keys and changes from before the given moments; how many rows.
pub(crate) async fn sweep(db: &Db, keys: Timestamp, feed: Timestamp) -> Result<usize, Error> {
    db.write("housekeeping", move |connection| {
        Box::pin(async move {
            Ok(old_keys(connection, keys).await? + old_changes(connection, feed).await?)
        })
    })
    .await
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

async fn old_changes(connection: &mut Connection, before: Timestamp) -> Result<usize, Error> {
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
