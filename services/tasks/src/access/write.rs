//! A scope is erased in steps, each of which leaves it erased or on its way there: whoever comes next goes on.
use std::time::Duration;

use kit_base::{Clock, Stop, Timestamp, outage::Outage};
use kit_db::Db;
use kit_rpc::GrpcChannel;
use proto::auth::v1::{
    DeletedAccount, ListDeletedAccountsRequest, ListDeletedAccountsResponse, TrustServicePeer,
};

use super::store;
use crate::{
    Error,
    ids::{ScopeId, UserId},
    journal::{
        metrics::{Operations, count_write, register},
        stored::Kind,
    },
};

/// How the erasing of a scope is counted.
pub(crate) const OPERATIONS: Operations = ("scope", &["erase"]);
/// How long a scope stays marked: no access token that was good when it was erased lives as long.
pub(crate) const MARKED: Duration = Duration::from_secs(3600);

/// How often auth is asked which accounts were deleted.
const PERIOD: Duration = Duration::from_secs(2);
/// How far back it is asked beyond the time before: by another clock, and what was written by then may have become visible later.
const OVERLAP: Duration = Duration::from_secs(60);

/// Erases what accounts that auth deletes kept here; at first those of all the time that auth remembers.
pub(crate) async fn follow_deletions(
    (db, kinds): (Db, &'static [Kind]),
    clock: Clock,
    auth: GrpcChannel,
    stop: Stop,
) {
    register(OPERATIONS);
    let auth = TrustServicePeer::new(&auth);
    let (mut since, mut outage) = (None, None);
    while stop.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_some() {
        let began = clock.now();
        match erase_deleted((&db, kinds), &clock, auth, since).await {
            Ok(()) => (since, outage) = (Some(began.minus(OVERLAP)), None),
            Err(error) if Outage::is_news(&mut outage) => {
                let fault = format!("{error:#}");
                tracing::warn!(fault, "what deleted accounts left behind cannot be erased yet");
            }
            Err(_) => {}
        }
    }
}

async fn erase_deleted(
    (db, kinds): (&Db, &[Kind]),
    clock: &Clock,
    auth: TrustServicePeer<'_>,
    since: Option<Timestamp>,
) -> anyhow::Result<()> {
    let since = since.map(proto::moment);
    let (mut cursor, mut all) = (String::new(), Ok(()));
    loop {
        let request = ListDeletedAccountsRequest { since, cursor };
        let ListDeletedAccountsResponse { accounts, next_cursor } =
            auth.list_deleted_accounts(request).await?.into_inner();
        let deleted = accounts.into_iter().filter_map(deleted).collect();
        for user in store::to_erase(db, deleted, clock.now().minus(MARKED)).await? {
            all = erase((db, kinds), clock, user).await.and(all);
        }
        if next_cursor.is_empty() {
            return Ok(all?);
        }
        cursor = next_cursor;
    }
}

fn deleted(DeletedAccount { id, deleted_at }: DeletedAccount) -> Option<(UserId, Timestamp)> {
    let at = deleted_at.map(|at| Timestamp::from_proto(at.seconds, at.nanos))?;
    Some((UserId(id.parse().ok()?), at))
}

/// Erases the private scope of a user for good. First it is marked, whether or not there is one: a replica that knows it, or that
/// would make one now, finds the mark as soon as it writes.
pub(crate) async fn erase(
    (db, kinds): (&Db, &[Kind]),
    clock: &Clock,
    user: UserId,
) -> Result<(), Error> {
    let scope = store::mark_erased(db, clock, user).await?;
    empty(db, kinds, scope).await?;
    count_write(["scope", "erase"]);
    tracing::info!(target: "audit", { account.id = %user }, "the tasks of an account were erased");
    Ok(())
}

/// Ends what was begun before a moment: nothing of the scope is left then, not even its mark. Whatever comes of one, the others are
/// tried.
pub(crate) async fn finish(db: &Db, kinds: &[Kind], before: Timestamp) -> Result<(), Error> {
    let mut all = Ok(());
    for scope in store::erased_before(db, before).await? {
        all = finish_one(db, kinds, scope).await.and(all);
    }
    all
}

async fn finish_one(db: &Db, kinds: &[Kind], scope: ScopeId) -> Result<(), Error> {
    empty(db, kinds, scope).await?;
    store::forget(db, scope).await
}

async fn empty(db: &Db, kinds: &[Kind], scope: ScopeId) -> Result<(), Error> {
    for held in kinds.iter().flat_map(|kind| kind.tables).chain(store::HELD) {
        while store::erase_some(db, scope, held).await? > 0 {}
    }
    Ok(())
}
