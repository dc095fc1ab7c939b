//! A scope is erased in steps, each of which leaves it erased or on its way there: whoever comes next goes on.
use std::time::Duration;

use kit_base::{Clock, Timestamp};
use kit_db::Db;

use super::store;
use crate::{
    Error,
    ids::{ScopeId, UserId},
    journal::metrics::Operations,
};

/// How the erasing of a scope is counted.
pub(crate) const OPERATIONS: Operations = ("scope", &["erase"]);
/// How long a scope stays marked: no access token that was good when it was erased lives as long.
pub(crate) const MARKED: Duration = Duration::from_secs(3600);

/// Erases the private scope of a user for good. First it is marked, whether or not there is one: a replica that knows it, or that
/// would make one now, finds the mark as soon as it writes.
pub(crate) async fn erase(db: &Db, clock: &Clock, user: UserId) -> Result<(), Error> {
    let scope = store::mark_erased(db, clock, user).await?;
    empty(db, scope).await?;
    tracing::info!(target: "audit", { account.id = %user }, "the tasks of an account were erased");
    Ok(())
}

/// Ends what was begun before a moment: nothing of the scope is left then, not even its mark.
pub(crate) async fn finish(db: &Db, before: Timestamp) -> Result<(), Error> {
    for scope in store::erased_before(db, before).await? {
        empty(db, scope).await?;
        store::forget(db, scope).await?;
    }
    Ok(())
}

async fn empty(db: &Db, scope: ScopeId) -> Result<(), Error> {
    for held in &store::HELD {
        while store::erase_some(db, scope, held).await? > 0 {}
    }
    Ok(())
}
