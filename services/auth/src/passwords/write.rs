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
    accounts::{
        self,
        rules::{AccountId, local_part},
    },
    authority::Authority,
    error::Error,
    idempotency::{
        self,
        rules::{Done, Key},
    },
    sessions::{self, rules::SessionId},
    throttle::{
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
) -> Result<Done, Error> {
    let ChangePasswordRequest { current_password, new_password } = request;
    let account = accounts::store::find(&authority.db, id).await?;
    // After the account was read, so that a password which is verified below was not yet changed by the same request.
    if let Some(done) = idempotency::store::seen(&authority.db, id, key.as_ref()).await? {
        return Ok(done);
    }
    let minimum = authority.config.password_minimum;
    let new = rules::check("new_password", &new_password, local_part(&account.email), minimum);
    let new = new.map_err(|fault| Error::Invalid(vec![fault]))?;
    let counters = vec![Counter::new(Subject::Change(id.to_string()), &authority.secrets.attempts)];
    if !verify(authority, &current_password, Some(&account.password_hash), &counters).await? {
        tracing::warn!(target: "audit", { account.id = %id }, "a change of the password was refused: the current one was wrong");
        return Err(incorrect());
    }
    let new = authority.hasher.hash(&new).await?;
    let now = authority.clock.now();
    let password = NewPassword { id, verified: account.password_set_at, new, now };
    let (done, ended) = replace(&authority.db, password, session, counters, key).await?;
    if !done.replayed {
        authority.revoke(&ended, now);
        tracing::info!(target: "audit", { account.id = %id, sessions.ended = ended.len() }, "a password was changed");
    }
    Ok(done)
}

/// Why this cannot be the new password; whether the current one is right is not looked at.
pub(crate) async fn validate(
    authority: &Authority,
    id: AccountId,
    request: ChangePasswordRequest,
) -> Error {
    let ChangePasswordRequest { current_password: _, new_password } = request;
    let account = match accounts::store::find(&authority.db, id).await {
        Ok(account) => account,
        Err(error) => return error,
    };
    let minimum = authority.config.password_minimum;
    let new = rules::check("new_password", &new_password, local_part(&account.email), minimum);
    Error::Invalid(new.err().into_iter().collect())
}

fn incorrect() -> Error {
    Error::Invalid(vec![Violation::new(
        "current_password",
        "INCORRECT",
        "the password that you sign in with now",
    )])
}

/// Sets a new password and ends every session but the one that `kept` names; gives those that ended.
async fn replace(
    db: &Db,
    password: NewPassword,
    kept: SessionId,
    counters: Vec<Counter>,
    key: Option<Key>,
) -> Result<(Done, Vec<SessionId>), Error> {
    db.write("account.change_password", move |connection| {
        Box::pin(async move {
            let (account, now) = (password.id, password.now);
            accounts::store::lock(connection, account).await?;
            settle(connection, &counters, now).await?;
            let done = idempotency::store::find(connection, account, key.as_ref()).await?;
            if let Some(done) = done {
                return Ok((done, vec![]));
            }
            if !store::replace(connection, password).await? {
                return Err(incorrect());
            }
            let ended = sessions::store::end_others(connection, account, kept, now).await?;
            trust::store::add(connection, &ended, now).await?;
            let done = idempotency::store::keep(connection, account, key, vec![], now).await?;
            Ok((done, ended))
        })
    })
    .await
}
