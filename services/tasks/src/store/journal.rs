//! The journal, read.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit::{Db, read};

use crate::{
    Error,
    domain::{ScopeId, event::Event},
    schema::journal,
};

/// At most `limit` entries after `sequence`, oldest first.
pub(crate) async fn after(
    db: &Db,
    scope: ScopeId,
    sequence: i64,
    limit: i64,
) -> Result<Vec<Event>, Error> {
    let rows =
        journal::table.filter(journal::scope_id.eq(scope)).filter(journal::sequence.gt(sequence));
    let rows = rows.order(journal::sequence.asc()).limit(limit);
    Ok(read!(db, "journal.after", conn => rows.select(Event::as_select()).load(conn).await)?)
}

/// At most `limit` entries before `sequence`, newest first.
pub(crate) async fn before(
    db: &Db,
    scope: ScopeId,
    sequence: i64,
    limit: i64,
) -> Result<Vec<Event>, Error> {
    let rows =
        journal::table.filter(journal::scope_id.eq(scope)).filter(journal::sequence.lt(sequence));
    let rows = rows.order(journal::sequence.desc()).limit(limit);
    Ok(read!(db, "journal.before", conn => rows.select(Event::as_select()).load(conn).await)?)
}
