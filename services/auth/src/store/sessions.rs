use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit::{
    Db, Timestamp,
    db::{Cached, Connection},
    on, read, together,
};
use uuid::Uuid;

use super::{
    accounts::{self, NewPassword},
    attempts::{self, Counter},
    revocations,
};
use crate::{
    Error,
    domain::{
        account::AccountId,
        session::{Session, SessionId, StoredToken},
    },
    schema::{refresh_tokens, sessions},
};

/// A login that is about to become a session.
#[derive(Debug)]
pub(crate) struct Login {
    /// When the password that was verified had been set.
    pub(crate) verified: Timestamp,
    pub(crate) session: Session,
    pub(crate) token: StoredToken,
    /// What counted the attempt.
    pub(crate) counters: Vec<Counter>,
}

/// Begins a session; false when the password has been changed meanwhile.
pub(crate) async fn begin(db: &Db, login: Login) -> Result<bool, Error> {
    db.write("session.begin", move |connection| {
        Box::pin(async move {
            let Login { verified, session, token, counters } = login;
            let now = session.created_at;
            if !accounts::signed_in(connection, session.account_id, verified, now).await? {
                return Ok(false);
            }
            let session = diesel::insert_into(sessions::table).values(&session);
            let token = diesel::insert_into(refresh_tokens::table).values(&token);
            together!(connection, conn => session.execute(conn).await, token.execute(conn).await)?;
            attempts::settle(connection, &counters, now).await?;
            Ok(true)
        })
    })
    .await
}

/// The living sessions of an account, the newest first, those before `position` in this order.
pub(crate) async fn list(
    db: &Db,
    account: AccountId,
    now: Timestamp,
    position: Option<SessionId>,
    limit: i64,
) -> Result<Vec<Session>, Error> {
    let before = position.unwrap_or(SessionId(Uuid::max()));
    let living = sessions::account_id
        .eq(account)
        .and(sessions::ended_at.is_null())
        .and(sessions::expires_at.gt(now));
    let query = sessions::table
        .filter(living)
        .filter(sessions::id.lt(before))
        .order(sessions::id.desc())
        .limit(limit);
    Ok(read!(db, "session.list", conn => query.select(Session::as_select()).load(conn).await)?)
}

/// Ends a session; SESSION_NOT_FOUND when the account has none of this id that is alive.
pub(crate) async fn end(
    db: &Db,
    account: AccountId,
    session: SessionId,
    now: Timestamp,
) -> Result<(), Error> {
    db.write("session.end", move |connection| {
        Box::pin(async move {
            let row = sessions::table.find((account, session));
            let living =
                row.filter(sessions::ended_at.is_null()).filter(sessions::expires_at.gt(now));
            let query = Cached(
                diesel::update(living)
                    .set((sessions::ended_at.eq(Some(now)), sessions::expires_at.eq(now))),
            );
            match on!(connection, conn => query.execute(conn).await)? {
                0 => Err(Error::SessionNotFound),
                _ => revocations::add(connection, &[session], now).await,
            }
        })
    })
    .await
}

/// Sets a new password and ends every session but the one that `kept` names; gives those that ended, or none when the password
/// is not the verified one any more.
pub(crate) async fn change_password(
    db: &Db,
    password: NewPassword,
    kept: SessionId,
    counters: Vec<Counter>,
) -> Result<Option<Vec<SessionId>>, Error> {
    db.write("account.change_password", move |connection| {
        Box::pin(async move {
            let (account, now) = (password.id, password.now);
            if !accounts::set_password(connection, password).await? {
                return Ok(None);
            }
            let ended = end_others(connection, account, kept, now).await?;
            revocations::add(connection, &ended, now).await?;
            attempts::settle(connection, &counters, now).await?;
            Ok(Some(ended))
        })
    })
    .await
}

async fn end_others(
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
    Ok(read!(db, "session.count", conn => query.get_result(conn).await)?)
}
