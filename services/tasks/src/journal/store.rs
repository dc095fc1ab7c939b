//! The journal and the idempotency keys: read, and deleted when they are too old.
use std::{collections::HashSet, time::Duration};

use diesel::{prelude::*, sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{
    Db, Limited, Plan, Statement,
    housekeeping::{Sweep, remove},
    on, page, read, search, sql, statement,
};

use super::change::{Change, journal};
use crate::{Error, ids::ScopeId};

macro_rules! changes {
    ($by:ident, $name:literal, $db:expr, $rows:expr, $limit:expr) => {
        $by!($db, $name, conn => {
            let rows = Limited($rows.select(Change::as_select()), $limit).load_stream(conn).await;
            page(rows, Change::bytes).await
        })
    };
}

/// At most `limit` changes after `sequence`, oldest first, read `apart` from what others read, or among it.
pub(crate) async fn changes_after(
    db: &Db,
    scope: ScopeId,
    sequence: i64,
    limit: i64,
    apart: bool,
) -> Result<Vec<Change>, Error> {
    let rows = journal::table
        .filter(journal::scope_id.eq(Plan::General.bind(scope)))
        .filter(journal::sequence.gt(Plan::General.bind(sequence)));
    let rows = rows.order(journal::sequence.asc());
    Ok(if apart {
        changes!(search, "journal.large_after", db, rows, limit)?
    } else {
        changes!(read, "journal.after", db, rows, limit)?
    })
}

/// At most `limit` changes before `sequence`, newest first, read `apart` as well.
pub(crate) async fn changes_before(
    db: &Db,
    scope: ScopeId,
    sequence: i64,
    limit: i64,
    apart: bool,
) -> Result<Vec<Change>, Error> {
    let rows = journal::table
        .filter(journal::scope_id.eq(Plan::General.bind(scope)))
        .filter(journal::sequence.lt(Plan::General.bind(sequence)));
    let rows = rows.order(journal::sequence.desc());
    Ok(if apart {
        changes!(search, "journal.large_before", db, rows, limit)?
    } else {
        changes!(read, "journal.before", db, rows, limit)?
    })
}

/// The answer to a query that counts rows and their bytes.
#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    objects: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// Runs a query that gives `objects` and `bytes` of the scope `$1`.
pub(crate) fn counts(query: String, scope: ScopeId) -> Statement<(i64, i64)> {
    let query = sql_query(query).bind::<sql::Uuid, _>(scope);
    statement!(conn => {
        let counted: Result<Counted, _> = query.get_result(conn).await;
        counted.map(|Counted { objects, bytes }| (objects, bytes))
    })
}

/// Rows that are deleted in one transaction: its locks are short, and its time is enough.
const AT_ONCE: i64 = 500;

/// Keys are forgotten by when they were used.
const SWEEP: Sweep = Sweep::by_age("idempotency_keys", "scope_id, user_id, key", "created_at");

/// Deletes some idempotency keys from before a moment; how many. Those that a sibling is deleting are left to it.
pub(crate) async fn sweep_keys(db: &Db, before: Timestamp) -> Result<usize, Error> {
    Ok(remove(db, "housekeeping.keys", SWEEP, before, AT_ONCE).await?)
}

/// Deletes some changes from before a moment; how many. Those of scopes that begin with a younger one, as a clock that was ahead leaves
/// it, keep no others.
pub(crate) async fn sweep_changes(db: &Db, before: Timestamp) -> Result<usize, Error> {
    let mut after = Timestamp::from_microseconds(i64::MIN);
    loop {
        let old = journal::table.filter(journal::at.ge(after).and(journal::at.lt(before)));
        let old = old.order(journal::at).select((journal::scope_id, journal::at));
        let old: Vec<(ScopeId, Timestamp)> =
            search!(db, "journal.old", conn => old.limit(AT_ONCE).load(conn).await)?;
        let Some(&(_, last)) = old.last() else { return Ok(0) };
        let mut deleted = 0;
        for scope in old.into_iter().map(|(scope, _)| scope).collect::<HashSet<_>>() {
            deleted += sweep_scope(db, scope, before).await?;
        }
        if deleted > 0 {
            return Ok(deleted);
        }
        after = last.max(after.plus(Duration::from_micros(1)));
    }
}

/// From the oldest on and up to the first that is young, whatever clocks said of those behind it: what is left has no gap, and a
/// cursor that is too old is told by the one at its beginning.
async fn sweep_scope(db: &Db, scope: ScopeId, before: Timestamp) -> Result<usize, Error> {
    use journal::{at, scope_id, sequence, table};
    db.write("housekeeping.changes", move |connection| {
        Box::pin(async move {
            let oldest = table.filter(scope_id.eq(scope)).order(sequence).select((sequence, at));
            let oldest: Vec<(i64, Timestamp)> =
                on!(connection, conn => oldest.limit(AT_ONCE).load(conn).await)?;
            let Some((last, _)) = oldest.iter().take_while(|(_, written)| *written < before).last()
            else {
                return Ok(0);
            };
            let gone = table.filter(scope_id.eq(scope)).filter(sequence.le(*last));
            Ok(on!(connection, conn => diesel::delete(gone).execute(conn).await)?)
        })
    })
    .await
}
