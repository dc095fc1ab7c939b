use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{Cached, Connection, Db, Limited, housekeeping::Sweep, on, read, search, together};
use uuid::Uuid;

use super::row::{Session, sessions};
use crate::{
    error::Error,
    ids::{AccountId, SessionId},
    refresh::row::{StoredToken, refresh_tokens},
};

/// Sessions are forgotten by when they were over.
pub(crate) const SWEEP: Sweep = Sweep::by_age("sessions", "account_id, id", "expires_at");

/// Adds a session with its first refresh token.
pub(super) async fn insert(
    connection: &mut Connection,
    session: &Session,
    token: &StoredToken,
) -> Result<(), Error> {
    let session = diesel::insert_into(sessions::table).values(session);
    let token = diesel::insert_into(refresh_tokens::table).values(token);
    together!(connection, conn => session.execute(conn).await, token.execute(conn).await)?;
    Ok(())
}

/// The living sessions of an account, the newest first, those behind `position` in this order.
pub(crate) async fn list(
    db: &Db,
    account: AccountId,
    now: Timestamp,
    position: Option<(Timestamp, SessionId)>,
    limit: i64,
) -> Result<Vec<Session>, Error> {
    let (at, id) =
        position.unwrap_or((Timestamp::from_microseconds(i64::MAX / 2), SessionId(Uuid::max())));
    let living = sessions::account_id
        .eq(account)
        .and(sessions::ended_at.is_null())
        .and(sessions::expires_at.gt(now));
    let before = sessions::created_at.lt(at);
    let behind = before.or(sessions::created_at.eq(at).and(sessions::id.lt(id)));
    let query = sessions::table
        .filter(living)
        .filter(behind)
        .order((sessions::created_at.desc(), sessions::id.desc()));
    Ok(
        read!(db, "session.list", conn => Limited(query.select(Session::as_select()), limit).load(conn).await)?,
    )
}

/// Ends a session; false when the account has none of this id that is alive.
pub(super) async fn end(
    connection: &mut Connection,
    account: AccountId,
    session: SessionId,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = sessions::table.find((account, session));
    let living = row.filter(sessions::ended_at.is_null()).filter(sessions::expires_at.gt(now));
    let query = Cached(
        diesel::update(living)
            .set((sessions::ended_at.eq(Some(now)), sessions::expires_at.eq(now))),
    );
    Ok(on!(connection, conn => query.execute(conn).await)? > 0)
}

/// Ends those living sessions of an account that are not among the `kept` that were used last; gives those that ended.
pub(super) async fn end_unused(
    connection: &mut Connection,
    account: AccountId,
    kept: i64,
    now: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    let living = sessions::table.filter(sessions::account_id.eq(account));
    let living = living.filter(sessions::ended_at.is_null()).filter(sessions::expires_at.gt(now));
    let unused = living.order((sessions::last_seen_at.desc(), sessions::id.desc()));
    let unused = unused.select(sessions::id).offset(kept).limit(kept);
    let unused: Vec<SessionId> = on!(connection, conn => unused.load(conn).await)?;
    if !unused.is_empty() {
        let rows = sessions::table.filter(sessions::account_id.eq(account));
        let query = diesel::update(rows.filter(sessions::id.eq_any(&unused)))
            .set((sessions::ended_at.eq(Some(now)), sessions::expires_at.eq(now)));
        on!(connection, conn => query.execute(conn).await)?;
    }
    Ok(unused)
}

/// The sessions of an account that are stored, over or not.
pub(crate) async fn all(
    connection: &mut Connection,
    account: AccountId,
) -> Result<Vec<SessionId>, Error> {
    let query = sessions::table.filter(sessions::account_id.eq(account)).select(sessions::id);
    Ok(on!(connection, conn => query.load(conn).await)?)
}

/// Ends every session of the account but the one that `kept` names; gives those that ended.
pub(crate) async fn end_others(
    connection: &mut Connection,
    account: AccountId,
    kept: SessionId,
    now: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    let others =
        sessions::table.filter(sessions::account_id.eq(account)).filter(sessions::id.ne(kept));
    let living = others.filter(sessions::ended_at.is_null());
    let query = diesel::update(living)
        .set((sessions::ended_at.eq(Some(now)), sessions::expires_at.eq(now)));
    Ok(on!(connection, conn => query.returning(sessions::id).get_results(conn).await)?)
}

/// How many sessions are alive.
pub(crate) async fn count(db: &Db, now: Timestamp) -> Result<i64, Error> {
    let query = sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .count();
    Ok(search!(db, "session.count", conn => query.get_result(conn).await)?)
}
