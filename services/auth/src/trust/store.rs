use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{Connection, Db, housekeeping::Sweep, search, statement};
use kit_rpc::token::Revocation;

use super::row::{NewRevocation, revocations};
use crate::{error::Error, ids::SessionId, sessions::rules::remembered_until};

/// Revocations are forgotten by until when they had to be known.
pub(crate) const SWEEP: Sweep = Sweep { table: "revocations", key: "session_id", age: "until" };

/// The sessions that ended after this moment and still have to be known.
pub(crate) async fn since(
    db: &Db,
    moment: Timestamp,
    now: Timestamp,
) -> Result<Vec<Revocation>, Error> {
    let rows = revocations::table
        .filter(revocations::created_at.gt(moment))
        .filter(revocations::until.gt(now));
    let query = rows.select((revocations::session_id, revocations::until)).limit(1_000_000);
    let found: Vec<(SessionId, Timestamp)> =
        search!(db, "revocation.list", conn => query.load(conn).await)?;
    Ok(found
        .into_iter()
        .map(|(session, until)| Revocation { session_id: session.0, until })
        .collect())
}

/// Tells the other replicas that these sessions have ended.
pub(crate) async fn add(
    connection: &mut Connection,
    sessions: &[SessionId],
    now: Timestamp,
) -> Result<(), Error> {
    let until = remembered_until(now);
    let rows = sessions.iter().map(|&session_id| {
        let row = NewRevocation { session_id, created_at: now, until };
        let insert = diesel::insert_into(revocations::table).values(row).on_conflict_do_nothing();
        statement!(conn => insert.execute(conn).await.map(drop))
    });
    connection.send(rows.collect()).await?;
    Ok(())
}
