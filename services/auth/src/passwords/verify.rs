//! Whether a password is right, counted before it is known.
use std::sync::Arc;

use super::{error::Error as PasswordError, rules, store};
use crate::{
    accounts::row::Account,
    authority::Authority,
    error::Error,
    ids::AccountId,
    throttle::{self, store::Counter},
};

/// The longest password that is looked at, in bytes; no account has a longer one.
const MAX_PASSWORD: usize = 4096;

/// Whether the password is right. The attempt counts as a failure until it is settled; one that could not be made does not count.
pub(crate) async fn verify(
    authority: &Authority,
    password: &str,
    stored: Option<&str>,
    counters: &[Counter],
) -> Result<bool, Error> {
    let reserved =
        throttle::store::reserve(&authority.db, counters.to_vec(), authority.clock.now()).await;
    reserved.inspect_err(|error| {
        if matches!(error, Error::Throttle(_)) {
            throttle::metrics::locked_out();
        }
    })?;
    let fits = password.len() <= MAX_PASSWORD;
    let password = rules::normalize(if fits { password } else { "" });
    let right = authority.hasher.verify(&password, stored.filter(|_| fits)).await;
    if matches!(right, Err(Error::Password(PasswordError::Busy))) {
        throttle::store::release(&authority.db, counters.to_vec()).await?;
    }
    right
}

/// Replaces a hash of another cost than today's, after the login: nobody waits for it.
pub(crate) fn renew_hash(authority: &Arc<Authority>, account: &Account, password: &str) {
    if authority.hasher.is_outdated(&account.password_hash) {
        let (authority, id, old) =
            (Arc::clone(authority), account.id, account.password_hash.clone());
        let password = rules::normalize(password);
        drop(kit_base::work::spawn(async move { renew(&authority, id, old, &password).await }));
    }
}

async fn renew(authority: &Authority, id: AccountId, old: String, password: &str) {
    let renewed = match authority.hasher.hash(password).await {
        Ok(new) => store::rehash(&authority.db, id, old, new).await,
        Err(error) => Err(error),
    };
    match renewed {
        Ok(()) => tracing::info!(account.id = %id, "a password was hashed anew at today's cost"),
        Err(error) => {
            tracing::debug!(account.id = %id, %error, "a password is hashed anew at the next login")
        }
    }
}
