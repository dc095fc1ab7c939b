//! Every way the auth service says no.
use std::time::Duration;

use kit::{Fault, Violation, page::PageError};
use tonic::{Code, Status};

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("some fields are not acceptable")]
    Invalid(Vec<Violation>),
    #[error("there is an account with this e-mail address already; sign in instead")]
    EmailTaken,
    #[error("the e-mail address or the password is wrong")]
    CredentialsInvalid,
    #[error("too many attempts; try again later")]
    TooManyAttempts { pause: Duration },
    #[error("too many people sign in right now; try again")]
    HashingBusy,
    #[error("the refresh token is not valid any more; sign in again")]
    RefreshTokenInvalid,
    #[error("there is no such session")]
    SessionNotFound,
    #[error("there is no such account")]
    AccountNotFound,
    #[error("the account changed since: it is at version {at}; read it again")]
    VersionMismatch { at: i64 },
    #[error("the signing keys are not there yet; try again")]
    KeysUnavailable,
    #[error(
        "KEK is not the key that this database's signing keys were encrypted with: set KEK (or KEK_FILE, or the .kek file beside \
         an SQLite database) to the one that was used before"
    )]
    WrongKek,
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(transparent)]
    Database(#[from] kit::db::Error),
    #[error("something unexpected happened")]
    Internal(#[source] anyhow::Error),
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::Invalid(_) => (Code::InvalidArgument, "VALIDATION_FAILED"),
            Self::EmailTaken => (Code::AlreadyExists, "EMAIL_TAKEN"),
            Self::CredentialsInvalid => (Code::Unauthenticated, "CREDENTIALS_INVALID"),
            Self::TooManyAttempts { .. } => (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS"),
            Self::HashingBusy => (Code::Unavailable, "HASHING_BUSY"),
            Self::RefreshTokenInvalid => (Code::Unauthenticated, "REFRESH_TOKEN_INVALID"),
            Self::SessionNotFound => (Code::NotFound, "SESSION_NOT_FOUND"),
            Self::AccountNotFound => (Code::NotFound, "ACCOUNT_NOT_FOUND"),
            Self::VersionMismatch { .. } => (Code::Aborted, "VERSION_MISMATCH"),
            Self::KeysUnavailable => (Code::Unavailable, "KEYS_UNAVAILABLE"),
            Self::Page(error) => error.fault(),
            Self::Database(error) => error.fault(),
            Self::WrongKek | Self::Internal(_) => (Code::Internal, "INTERNAL"),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(violations) => violations,
            _ => &[],
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyAttempts { pause } => Some(*pause),
            Self::HashingBusy | Self::KeysUnavailable => Some(Duration::from_secs(1)),
            Self::Database(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        kit::status(&error)
    }
}
