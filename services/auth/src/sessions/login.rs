//! Who signs in.
use std::sync::Arc;

use proto::auth::v1::LoginRequest;
use uuid::Uuid;

use super::{error::Error as SessionError, metrics};
use crate::{
    accounts::{self, row::Account, rules::address::Address},
    authority::Authority,
    devices,
    error::Error,
    passwords::verify::{renew_hash, verify},
    throttle::{
        rules::{Subject, network},
        store::Counter,
    },
};

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
    let email = Address::from_text(&email);
    let account = accounts::store::find_by_email(&authority.db, &email).await?;
    let now = authority.clock.now();
    let read = |account: &Account| {
        devices::rules::read(&authority.secrets.devices, account.id, &token, now)
    };
    let known_device = account.as_ref().and_then(read);
    let counters = counters(authority, email.key, &address, known_device);
    let stored = account.as_ref().map(|account| account.password_hash.as_str());
    let right = verify(authority, &password, stored, &counters).await;
    let right = right.inspect_err(|error| metrics::login_failed(reason(error)))?;
    match account {
        Some(account) if right => {
            renew_hash(authority, &account, &password);
            Ok(Verified {
                account,
                device: known_device.unwrap_or_else(|| kit_base::id::uuid(&authority.clock)),
                counters,
            })
        }
        account => {
            metrics::login_failed(if account.is_some() { "bad_password" } else { "unknown_user" });
            let account = account.map(|account| account.id.to_string()).unwrap_or_default();
            tracing::warn!(target: "audit", { account.id = account }, "a login failed");
            Err(SessionError::CredentialsInvalid.into())
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
    if matches!(error, Error::Throttle(_)) { "rate_limited" } else { "busy" }
}

#[test]
fn why_a_password_was_not_looked_at_is_one_of_the_reasons_that_are_counted() {
    use crate::{
        passwords::error::Error as PasswordError, throttle::error::Error as ThrottleError,
    };
    let throttled = ThrottleError::TooManyAttempts { pause: std::time::Duration::ZERO };
    for (error, told) in [(throttled.into(), "rate_limited"), (PasswordError::Busy.into(), "busy")]
    {
        assert_eq!(reason(&error), told);
    }
}
