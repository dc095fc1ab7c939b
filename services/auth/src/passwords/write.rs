//! A change of the password.
use kit_base::Violation;
use kit_db::Db;
use proto::auth::v1::ChangePasswordRequest;

use super::{
    rules,
    store::{self, NewPassword},
    verify::verify,
};
use crate::{
    accounts::{self, row::Account, rules::local_part},
    authority::Authority,
    error::Error,
    idempotency::{
        self,
        rules::{Done, Key},
    },
    ids::{AccountId, SessionId},
    sessions,
    throttle::{
        self,
        rules::Subject,
        store::{Counter, settle},
    },
    trust,
};

/// Sets a new password and ends every session of the account but the one that asks.
pub(crate) async fn change(
    authority: &Authority,
    (id, session): (AccountId, SessionId),
    request: ChangePasswordRequest,
    key: Option<Key>,
) -> Result<Done<()>, Error> {
    let account = accounts::store::find(&authority.db, id).await?;
    // After the account was read, so that a password which is verified below was not yet changed by the same request.
    if let Some(done) = idempotency::store::find_used(&authority.db, id, key.as_ref()).await? {
        return Ok(done);
    }
    let counters = counters(authority, id);
    let new = check(authority, &account, &request, &counters).await?;
    let new = authority.hasher.hash(&new).await?;
    let now = authority.clock.now();
    let password = NewPassword { id, verified: account.password_set_at, new, now };
    let _turn = authority.writes.begin(id).await;
    let (done, ended) = replace(&authority.db, password, session, counters, key).await?;
    if matches!(done, Done::Fresh(())) {
        authority.revoke(&ended, now);
        tracing::info!(target: "audit", { account.id = %id, sessions.ended = ended.len() }, "a password was changed");
    }
    Ok(done)
}

/// All that is wrong with a change; no more is done.
pub(crate) async fn validate(
    authority: &Authority,
    id: AccountId,
    request: ChangePasswordRequest,
) -> Error {
    let account = match accounts::store::find(&authority.db, id).await {
        Ok(account) => account,
        Err(error) => return error,
    };
    let counters = counters(authority, id);
    match check(authority, &account, &request, &counters).await {
        Ok(_) => {
            let released = throttle::store::release(&authority.db, counters);
            released.await.err().unwrap_or(Error::Invalid(vec![]))
        }
        Err(error) => error,
    }
}

fn counters(authority: &Authority, id: AccountId) -> Vec<Counter> {
    vec![Counter::new(Subject::Change(id.to_string()), &authority.secrets.attempts)]
}

/// The new password in the form that is hashed, or all that speaks against it. An attempt at the current one is counted: as a failure
/// until it is settled, and not at all where it was right and the new one is not acceptable.
async fn check(
    authority: &Authority,
    account: &Account,
    request: &ChangePasswordRequest,
    counters: &[Counter],
) -> Result<String, Error> {
    let ChangePasswordRequest { current_password, new_password } = request;
    let (minimum, owner) = (authority.config.password_minimum, local_part(&account.email));
    let new = rules::check("new_password", new_password, owner, minimum);
    let right = is_current(authority, account, current_password, counters).await?;
    if !right {
        tracing::warn!(target: "audit", { account.id = %account.id }, "a change of the password was refused: the current one was wrong");
    }
    match (new, right) {
        (Ok(new), true) => Ok(new),
        (Ok(_), false) => Err(Error::Invalid(vec![incorrect("current_password")])),
        (Err(faults), true) => {
            throttle::store::release(&authority.db, counters.to_vec()).await?;
            Err(Error::Invalid(faults))
        }
        (Err(mut faults), false) => {
            faults.insert(0, incorrect("current_password"));
            Err(Error::Invalid(faults))
        }
    }
}

/// The account, where this is its password. Guesses are counted together with those through a change.
pub(crate) async fn confirm(
    authority: &Authority,
    id: AccountId,
    password: &str,
) -> Result<Account, Error> {
    let account = accounts::store::find(&authority.db, id).await?;
    let counters = counters(authority, id);
    if !is_current(authority, &account, password, &counters).await? {
        tracing::warn!(target: "audit", { account.id = %id }, "a password that was asked for was wrong");
        return Err(Error::Invalid(vec![incorrect("password")]));
    }
    throttle::store::release(&authority.db, counters).await?;
    Ok(account)
}

async fn is_current(
    authority: &Authority,
    account: &Account,
    password: &str,
    counters: &[Counter],
) -> Result<bool, Error> {
    // Nobody has an empty one: it is no guess.
    Ok(!password.is_empty()
        && verify(authority, password, Some(&account.password_hash), counters).await?)
}

/// The fault of a field that is not the password of today.
pub(crate) fn incorrect(field: &str) -> Violation {
    Violation::new(field, "INCORRECT", "the password that you sign in with now")
}

/// Sets a new password and ends every session but the one that `kept` names; gives those that ended.
async fn replace(
    db: &Db,
    password: NewPassword,
    kept: SessionId,
    counters: Vec<Counter>,
    key: Option<Key>,
) -> Result<(Done<()>, Vec<SessionId>), Error> {
    db.write("account.change_password", move |connection| {
        Box::pin(async move {
            let (account, now) = (password.id, password.now);
            accounts::store::lock(connection, account).await?;
            settle(connection, &counters).await?;
            let done = idempotency::store::find(connection, account, key.as_ref()).await?;
            if let Some(done) = done {
                return Ok((done, vec![]));
            }
            if !store::replace(connection, password).await? {
                return Err(Error::Invalid(vec![incorrect("current_password")]));
            }
            let ended = sessions::store::end_others(connection, account, kept, now).await?;
            trust::store::add(connection, &ended, now).await?;
            let done = idempotency::store::remember_used(connection, account, key, (), now).await?;
            Ok((done, ended))
        })
    })
    .await
}
