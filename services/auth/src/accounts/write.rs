//! Who registers, and what users change about themselves.
use super::{
    error::Error as AccountError,
    row::Account,
    rules::{AccountId, Registration},
    store,
};
use crate::{authority::Authority, error::Error};

/// Opens an account.
pub(super) async fn register(
    authority: &Authority,
    registration: Registration,
    last_write: Option<Vec<u8>>,
) -> Result<Account, Error> {
    let Registration { email, password, name, time_zone } = registration;
    if let Some(known) = store::find_by_email(&authority.db, &email).await? {
        return registered_before(authority, known, &password, last_write.as_ref()).await;
    }
    let password_hash = authority.hasher.hash(&password).await?;
    let now = authority.clock.now();
    let account = Account {
        id: AccountId::new(&authority.clock),
        email,
        name,
        time_zone,
        password_hash,
        password_set_at: now,
        version: 1,
        created_at: now,
        updated_at: now,
        last_login_at: None,
        last_write: last_write.clone(),
    };
    match store::insert(&authority.db, account.clone()).await {
        Ok(()) => {
            tracing::info!(target: "audit", { account.id = %account.id }, "an account was opened");
            Ok(account)
        }
        Err(Error::Account(AccountError::EmailTaken)) => {
            let known = store::find_by_email(&authority.db, &account.email)
                .await?
                .ok_or(AccountError::EmailTaken)?;
            registered_before(authority, known, &password, last_write.as_ref()).await
        }
        Err(error) => Err(error),
    }
}

/// The account, when this is the same request again whose answer was lost; else its address is taken. The key alone proves
/// nothing, since a client may choose it.
async fn registered_before(
    authority: &Authority,
    known: Account,
    password: &str,
    last_write: Option<&Vec<u8>>,
) -> Result<Account, Error> {
    let same = last_write.is_some() && known.last_write.as_ref() == last_write;
    if same && authority.hasher.verify(password, Some(&known.password_hash)).await? {
        Ok(known)
    } else {
        Err(AccountError::EmailTaken.into())
    }
}
