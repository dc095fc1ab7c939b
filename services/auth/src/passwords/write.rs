//! A change of the password.
use kit::{Db, Violation};
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
    last_write: Option<Vec<u8>>,
) -> Result<(), Error> {
    let ChangePasswordRequest { current_password, new_password } = request;
    let account = accounts::store::find(&authority.db, id).await?;
    if last_write.is_some() && account.last_write == last_write {
        return Ok(());
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
    let password = NewPassword { id, verified: account.password_set_at, new, now, last_write };
    let ended = replace(&authority.db, password, session, counters).await?.ok_or_else(incorrect)?;
    authority.revoke(&ended, now);
    tracing::info!(target: "audit", { account.id = %id, sessions.ended = ended.len() }, "a password was changed");
    Ok(())
}

fn incorrect() -> Error {
    Error::Invalid(vec![Violation::new(
        "current_password",
        "INCORRECT",
        "the password that you sign in with now",
    )])
}

/// Sets a new password and ends every session but the one that `kept` names; gives those that ended, or none when the password
/// is not the verified one any more.
async fn replace(
    db: &Db,
    password: NewPassword,
    kept: SessionId,
    counters: Vec<Counter>,
) -> Result<Option<Vec<SessionId>>, Error> {
    db.write("account.change_password", move |connection| {
        Box::pin(async move {
            let (account, now) = (password.id, password.now);
            if !store::replace(connection, password).await? {
                return Ok(None);
            }
            let ended = sessions::store::end_others(connection, account, kept, now).await?;
            trust::store::add(connection, &ended, now).await?;
            settle(connection, &counters, now).await?;
            Ok(Some(ended))
        })
    })
    .await
}
