//! How sessions begin and end.
use kit_base::Timestamp;
use kit_db::Db;

use super::{
    error::Error as SessionError,
    login::Verified,
    metrics,
    row::Session,
    rules::{MOST, Origin, Tokens, expiry},
    store,
};
use crate::{
    accounts,
    authority::Authority,
    devices,
    error::Error,
    idempotency::{
        self,
        rules::{Done, Key},
    },
    ids::{AccountId, SessionId},
    refresh::{row::StoredToken, rules::RefreshToken},
    secrets::random,
    throttle::store::{Counter, settle},
    trust,
};

/// Begins a session for someone whose password was right.
pub(super) async fn begin(
    authority: &Authority,
    verified: Verified,
    origin: Origin,
) -> Result<Tokens, Error> {
    let Verified { account, device, counters } = verified;
    let (now, id) = (authority.clock.now(), SessionId::new(&authority.clock));
    let access = authority.keyring.access_token(account.id, id, &authority.clock)?;
    let refresh = RefreshToken::new(random());
    let Origin { address, user_agent } = origin;
    let session = Session {
        account_id: account.id,
        id,
        address,
        user_agent,
        created_at: now,
        last_seen_at: now,
        expires_at: expiry(now, now),
        ended_at: None,
    };
    let hash = refresh.hash();
    let token =
        StoredToken { hash, account_id: account.id, session_id: id, issued_at: now, used_at: None };
    let login = Login { verified: account.password_set_at, session, token, counters };
    let Some(ended) = store_login(&authority.db, login).await? else {
        metrics::login_failed("bad_password");
        return Err(SessionError::CredentialsInvalid.into());
    };
    if !ended.is_empty() {
        authority.revoke(&ended, now);
        tracing::info!(target: "audit", { account.id = %account.id, sessions.ended = ended.len() }, "too many sessions: the least used were ended");
    }
    metrics::login_succeeded();
    metrics::token_issued("refresh");
    tracing::info!(target: "audit", { account.id = %account.id, session.id = %id }, "someone signed in");
    let device = devices::rules::issue(&authority.secrets.devices, account.id, device, now);
    Ok(Tokens { access, refresh, device })
}

/// A login that is about to become a session.
#[derive(Debug)]
struct Login {
    /// When the password that was verified had been set.
    verified: Timestamp,
    session: Session,
    token: StoredToken,
    /// What counted the attempt.
    counters: Vec<Counter>,
}

/// Stores a new session, and ends those that are too many for that; none when the password has been changed meanwhile.
async fn store_login(db: &Db, login: Login) -> Result<Option<Vec<SessionId>>, Error> {
    db.write("session.begin", move |connection| {
        Box::pin(async move {
            let Login { verified, session, token, counters } = login;
            let now = session.created_at;
            if !accounts::store::signed_in(connection, session.account_id, verified, now).await? {
                return Ok(None);
            }
            store::insert(connection, &session, &token).await?;
            settle(connection, &counters).await?;
            let ended = store::end_unused(connection, session.account_id, MOST, now).await?;
            trust::store::add(connection, &ended, now).await?;
            Ok(Some(ended))
        })
    })
    .await
}

/// The end of a session.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    /// Whether it is a fault when there is none to end; else what is wanted is so already.
    pub(crate) must_live: bool,
    pub(crate) key: Option<Key>,
}

/// Ends a session and tells everyone.
pub(crate) async fn end(authority: &Authority, wanted: End) -> Result<Done<()>, Error> {
    let (account, session) = (wanted.account, wanted.session);
    let _turn = authority.writes.begin(account).await;
    let now = authority.clock.now();
    let (done, ended) = store_end(&authority.db, wanted, now).await?;
    if ended {
        authority.revoke(&[session], now);
        tracing::info!(target: "audit", { account.id = %account, session.id = %session }, "a session was ended");
    }
    Ok(done)
}

/// What ending it came to, and whether it was alive.
async fn store_end(db: &Db, end: End, now: Timestamp) -> Result<(Done<()>, bool), Error> {
    let End { account, session, must_live, key } = end;
    db.write("session.end", move |connection| {
        Box::pin(async move {
            if key.is_some() {
                accounts::store::lock(connection, account).await?;
            }
            if let Some(done) = idempotency::store::find(connection, account, key.as_ref()).await? {
                return Ok((done, false));
            }
            let ended = store::end(connection, account, session, now).await?;
            if ended {
                trust::store::add(connection, &[session], now).await?;
            } else if must_live {
                return Err(SessionError::NotFound.into());
            }
            let done = idempotency::store::remember_used(connection, account, key, (), now).await?;
            Ok((done, ended))
        })
    })
    .await
}
