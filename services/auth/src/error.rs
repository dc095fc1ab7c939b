//! Every way the auth service says no: what each resource says, and what none of them says alone.
use std::time::Duration;

use kit::{Fault, Violation, page::PageError};
use tonic::{Code, Status};

use crate::{accounts, idempotency, keys, passwords, refresh, sessions, throttle};

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("some fields are not acceptable")]
    Invalid(Vec<Violation>),
    #[error(transparent)]
    Account(#[from] accounts::error::Error),
    #[error(transparent)]
    Password(#[from] passwords::error::Error),
    #[error(transparent)]
    Session(#[from] sessions::error::Error),
    #[error(transparent)]
    Refresh(#[from] refresh::error::Error),
    #[error(transparent)]
    Throttle(#[from] throttle::error::Error),
    #[error(transparent)]
    Key(#[from] keys::error::Error),
    #[error(transparent)]
    Idempotency(#[from] idempotency::error::Error),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(transparent)]
    Database(#[from] kit::db::Error),
    #[error("something unexpected happened")]
    Internal(#[source] anyhow::Error),
}

impl Error {
    /// What the resource says itself; none where this enum says it.
    fn of_resource(&self) -> Option<&dyn Fault> {
        match self {
            Self::Account(error) => Some(error),
            Self::Password(error) => Some(error),
            Self::Session(error) => Some(error),
            Self::Refresh(error) => Some(error),
            Self::Throttle(error) => Some(error),
            Self::Key(error) => Some(error),
            Self::Idempotency(error) => Some(error),
            Self::Page(error) => Some(error),
            Self::Database(error) => Some(error),
            Self::Invalid(_) | Self::Internal(_) => None,
        }
    }
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match (self, self.of_resource()) {
            (_, Some(error)) => error.fault(),
            (Self::Invalid(_), None) => (Code::InvalidArgument, "VALIDATION_FAILED"),
            (_, None) => (Code::Internal, "INTERNAL"),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(violations) => violations,
            Self::Account(_)
            | Self::Password(_)
            | Self::Session(_)
            | Self::Refresh(_)
            | Self::Throttle(_)
            | Self::Key(_)
            | Self::Idempotency(_)
            | Self::Page(_)
            | Self::Database(_)
            | Self::Internal(_) => &[],
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.of_resource().and_then(Fault::retry_after)
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        kit::status(&error)
    }
}
