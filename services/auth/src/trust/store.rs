use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{Connection, Db, housekeeping::Sweep, search, statement};
use kit_rpc::token::Revocation;
use uuid::Uuid;

use super::row::{NewRevocation, revocations};
use crate::{error::Error, ids::SessionId, sessions::rules::remembered_until};

/// Revocations are forgotten by until when they had to be known.
pub(crate) const SWEEP: Sweep = Sweep::by_age("revocations", "session_id", "until");

/// What is read in one go.
const AT_ONCE: usize = 50_000;

/// The sessions that ended after this moment and still have to be known: all of them, or those who follow would be told that all is well.
pub(crate) async fn since(
    db: &Db,
    moment: Timestamp,
    now: Timestamp,
) -> Result<Vec<Revocation>, Error> {
    let (mut all, mut after) = (vec![], (moment, SessionId(Uuid::max())));
    loop {
        let some = behind(db, after, now).await?;
        all.extend(
            some.iter().map(|&(session, _, until)| Revocation { session_id: session.0, until }),
        );
        match some.last() {
            Some(&(session, created_at, _)) if some.len() == AT_ONCE => {
                after = (created_at, session)
            }
            _ => return Ok(all),
        }
    }
}

async fn behind(
    db: &Db,
    (moment, session): (Timestamp, SessionId),
    now: Timestamp,
) -> Result<Vec<(SessionId, Timestamp, Timestamp)>, Error> {
    let later = revocations::created_at.gt(moment);
    let at_once = revocations::created_at.eq(moment).and(revocations::session_id.gt(session));
    let query = revocations::table
        .filter(revocations::created_at.ge(moment).and(later.or(at_once)))
        .filter(revocations::until.gt(now))
        .select((revocations::session_id, revocations::created_at, revocations::until))
        .order((revocations::created_at, revocations::session_id))
        .limit(i64::try_from(AT_ONCE).unwrap_or(i64::MAX));
    Ok(search!(db, "revocation.list", conn => query.load(conn).await)?)
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
