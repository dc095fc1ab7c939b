//! Whether a password is right, counted before it is known.
use std::sync::Arc;

use crate::{
    Error,
    authority::Authority,
    domain::{
        account::{self, Account},
        device, password,
        throttle::{Subject, network},
    },
    metrics, store,
    store::attempts::Counter,
};
use proto::auth::v1::LoginRequest;
use uuid::Uuid;

/// The longest password that is looked at, in bytes; no account has a longer one.
const MAX_PASSWORD: usize = 4096;

/// Someone whose password was right.
pub(super) struct Verified {
    pub(super) account: Account,
    /// The device, as its token names it or a new one.
    pub(super) device: Uuid,
    /// What counted the attempt; to be settled when the session begins.
    pub(super) counters: Vec<Counter>,
}

/// Checks e-mail address and password. Whether there is such an account shows neither in the answer nor in its time.
pub(super) async fn check(
    authority: &Arc<Authority>,
    request: LoginRequest,
) -> Result<Verified, Error> {
    let LoginRequest { email, password, device } = request;
    let (address, token) = device.map(|device| (device.address, device.token)).unwrap_or_default();
    let email = account::email(&email).unwrap_or_else(|_| email.to_lowercase());
    let account = store::accounts::find_by_email(&authority.db, &email).await?;
    let now = authority.clock.now();
    let read =
        |account: &Account| device::read(&authority.secrets.devices, account.id, &token, now);
    let known_device = account.as_ref().and_then(read);
    let counters = counters(authority, email, &address, known_device);
    let stored = account.as_ref().map(|account| account.password_hash.as_str());
    let right = verify(authority, &password, stored, &counters).await;
    let right = right.inspect_err(|error| metrics::login_failed(reason(error)))?;
    match account {
        Some(account) if right => {
            renew_hash(authority, &account, &password);
            Ok(Verified {
                account,
                device: known_device.unwrap_or_else(|| kit::id::uuid(&authority.clock)),
                counters,
            })
        }
        account => {
            metrics::login_failed(if account.is_some() { "bad_password" } else { "unknown_user" });
            let account = account.map(|account| account.id.to_string()).unwrap_or_default();
            tracing::warn!(target: "audit", { account.id = account }, "a login failed");
            Err(Error::CredentialsInvalid)
        }
    }
}

/// What an attempt is counted by: a device that its owner has signed in with before by itself alone, whoever else tries.
fn counters(
    authority: &Authority,
    email: String,
    address: &str,
    device: Option<Uuid>,
) -> Vec<Counter> {
    let subjects = match device {
        Some(device) => vec![Subject::Device(device.to_string())],
        // Always in this order, so that no two transactions wait for each other.
        None => [Some(Subject::Account(email)), network(address).map(Subject::Address)]
            .into_iter()
            .flatten()
            .collect(),
    };
    subjects.into_iter().map(|subject| Counter::new(subject, &authority.secrets.attempts)).collect()
}

fn reason(error: &Error) -> &'static str {
    if matches!(error, Error::TooManyAttempts { .. }) { "rate_limited" } else { "busy" }
}

/// Whether the password is right. The attempt counts as a failure until it is settled; one that could not be made does not count.
pub(super) async fn verify(
    authority: &Authority,
    password: &str,
    stored: Option<&str>,
    counters: &[Counter],
) -> Result<bool, Error> {
    let reserved =
        store::attempts::reserve(&authority.db, counters.to_vec(), authority.clock.now()).await;
    reserved.inspect_err(|error| {
        if matches!(error, Error::TooManyAttempts { .. }) {
            metrics::locked_out();
        }
    })?;
    let fits = password.len() <= MAX_PASSWORD;
    let password = password::normalize(if fits { password } else { "" });
    let right = authority.hasher.verify(&password, stored.filter(|_| fits)).await;
    if matches!(right, Err(Error::HashingBusy)) {
        store::attempts::release(&authority.db, counters.to_vec(), authority.clock.now()).await?;
    }
    right
}

/// Replaces a hash of another cost than today's, after the login: nobody waits for it.
fn renew_hash(authority: &Arc<Authority>, account: &Account, password: &str) {
    if authority.hasher.is_outdated(&account.password_hash) {
        let (authority, id, old) =
            (Arc::clone(authority), account.id, account.password_hash.clone());
        let password = password::normalize(password);
        drop(kit::work::spawn(async move {
            let renewed = match authority.hasher.hash(&password).await {
                Ok(new) => store::accounts::rehash(&authority.db, id, old, new).await,
                Err(error) => Err(error),
            };
            match renewed {
                Ok(()) => {
                    tracing::info!(account.id = %id, "a password was hashed anew at today's cost")
                }
                Err(error) => {
                    tracing::debug!(account.id = %id, %error, "a password is hashed anew at the next login")
                }
            }
        }));
    }
}
