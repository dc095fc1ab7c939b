use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{self as db, Cached, Connection, Db, housekeeping::Sweep, on, read, together};

use super::{
    row::{KnownToken, StoredToken, refresh_tokens},
    rules::RefreshToken,
};
use crate::{
    error::Error,
    ids::AccountId,
    sessions::{
        row::sessions,
        rules::{Origin, expiry},
    },
    store::optional,
};

/// Tokens are forgotten by when they were issued.
pub(crate) const SWEEP: Sweep = Sweep::by_age("refresh_tokens", "hash", "issued_at");

/// Those of a session go before it does, by and by: they may be any number.
pub(crate) const SWEEP_OF_SESSIONS: Sweep = Sweep {
    table: "refresh_tokens",
    from: "sessions JOIN refresh_tokens ON refresh_tokens.account_id = sessions.account_id AND session_id = sessions.id",
    key: "hash",
    age: "expires_at",
};

/// What is known of a refresh token.
pub(crate) async fn find(db: &Db, token: &RefreshToken) -> Result<Option<KnownToken>, Error> {
    let session = sessions::account_id
        .eq(refresh_tokens::account_id)
        .and(sessions::id.eq(refresh_tokens::session_id));
    let row = refresh_tokens::table.find(token.hash()).inner_join(sessions::table.on(session));
    let query = row.select((
        refresh_tokens::account_id,
        refresh_tokens::session_id,
        refresh_tokens::issued_at,
        refresh_tokens::used_at,
        sessions::created_at,
        sessions::expires_at,
        sessions::ended_at,
    ));
    optional(read!(db, "token.find", conn => query.first::<KnownToken>(conn).await))
}

/// Tokens that are removed in one statement.
const TOGETHER: i64 = 5_000;

/// Removes used tokens of an account, so many of them in one statement, and says whether that were all.
pub(crate) async fn forget_used(
    connection: &mut Connection,
    account: AccountId,
) -> Result<bool, Error> {
    let used = refresh_tokens::account_id.eq(account).and(refresh_tokens::used_at.is_not_null());
    let query = refresh_tokens::table.filter(used).select(refresh_tokens::hash).limit(TOGETHER);
    let old: Vec<Vec<u8>> = on!(connection, conn => query.load(conn).await)?;
    let all = i64::try_from(old.len()).is_ok_and(|removed| removed < TOGETHER);
    let gone = refresh_tokens::table.filter(refresh_tokens::hash.eq_any(old));
    on!(connection, conn => diesel::delete(gone).execute(conn).await)?;
    Ok(all)
}

/// Removes every token of an account. Before its sessions: who uses one takes the token first, too.
pub(crate) async fn forget(connection: &mut Connection, account: AccountId) -> Result<(), Error> {
    let query =
        diesel::delete(refresh_tokens::table.filter(refresh_tokens::account_id.eq(account)));
    on!(connection, conn => query.execute(conn).await)?;
    Ok(())
}

/// A refresh token that is about to be replaced.
#[derive(Debug)]
pub(crate) struct Rotation {
    pub(crate) token: RefreshToken,
    pub(crate) known: KnownToken,
    pub(crate) successor: RefreshToken,
    pub(crate) origin: Origin,
    pub(crate) now: Timestamp,
}

/// What came of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotated {
    /// The successor is the token of the session now.
    Done,
    /// Someone else used the token first.
    Lost,
    /// The session has ended.
    Ended,
}

/// Uses the token and puts its successor in its place. Of any number that try at once, one does it.
pub(crate) async fn rotate(db: &Db, rotation: Rotation) -> Result<Rotated, Error> {
    let rotated = db.write("token.rotate", move |connection| {
        Box::pin(async move {
            let Rotation { token, known, successor, origin, now } = rotation;
            let unused = refresh_tokens::table.find(token.hash()).filter(refresh_tokens::used_at.is_null());
            let query = Cached(diesel::update(unused).set(refresh_tokens::used_at.eq(Some(now))));
            if on!(connection, conn => query.execute(conn).await)? == 0 {
                return Err(Undone::Lost);
            }
            let KnownToken { account_id, session_id, created_at, .. } = known;
            let living = sessions::table.find((account_id, session_id)).filter(sessions::ended_at.is_null());
            let Origin { address, user_agent } = origin;
            let seen = (
                (sessions::address.eq(address), sessions::user_agent.eq(user_agent)),
                (sessions::last_seen_at.eq(now), sessions::expires_at.eq(expiry(created_at, now))),
            );
            let session = Cached(diesel::update(living).set(seen));
            let token = StoredToken { hash: successor.hash(), account_id, session_id, issued_at: now, used_at: None };
            let token = diesel::insert_into(refresh_tokens::table).values(&token);
            match together!(connection, conn => session.execute(conn).await, token.execute(conn).await)? {
                (0, _) => Err(Undone::Ended),
                _ => Ok(Rotated::Done),
            }
        })
    });
    match rotated.await {
        Ok(rotated) => Ok(rotated),
        Err(Undone::Lost) => Ok(Rotated::Lost),
        Err(Undone::Ended) => Ok(Rotated::Ended),
        Err(Undone::Database(error)) => Err(error.into()),
    }
}

/// Why a rotation is rolled back.
enum Undone {
    Lost,
    Ended,
    Database(db::Error),
}

impl From<db::Error> for Undone {
    fn from(error: db::Error) -> Self {
        Self::Database(error)
    }
}
