//! How the tasks service says no. What a resource is refused for stands in its folder, as a [`Reason`].
use std::{sync::Arc, time::Duration};

use kit::{Fault, Violation, page::PageError};
use tonic::{Code, Status};

/// Why a request was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Error {
    #[error("some fields are not acceptable")]
    Invalid(Vec<Violation>),
    #[error("{0}")]
    Refused(Arc<dyn Reason>),
    #[error("{0}")]
    Database(#[source] Arc<kit::db::Error>),
}

/// What a resource is refused for: an enum with a variant for each reason that a caller can act on.
pub(crate) trait Reason: Fault + Send + Sync + 'static {}

impl Reason for PageError {}

impl<R: Reason> From<R> for Error {
    fn from(reason: R) -> Self {
        Self::Refused(Arc::new(reason))
    }
}

impl Error {
    /// What says why.
    fn cause(&self) -> Option<&dyn Fault> {
        match self {
            Self::Invalid(_) => None,
            Self::Refused(reason) => Some(reason.as_ref()),
            Self::Database(error) => Some(error.as_ref()),
        }
    }

    /// Whether what it is about is not there.
    pub(crate) fn is_missing(&self) -> bool {
        self.fault().0 == Code::NotFound
    }

    /// Goes on where nothing speaks against it.
    pub(crate) fn unless_acceptable(faults: Vec<Violation>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self::Invalid(faults)) }
    }

    /// The refusal of one field.
    pub(crate) fn of_field(field: &str, reason: &'static str, message: &str) -> Self {
        Self::Invalid(vec![Violation::new(field, reason, message)])
    }

    /// What a body names and is not there is a fault of that field.
    pub(crate) fn missing_at(self, field: &str) -> Self {
        if self.is_missing() {
            Self::of_field(field, "NOT_FOUND", "the id of one that exists")
        } else {
            self
        }
    }
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        self.cause().map_or((Code::InvalidArgument, "VALIDATION_FAILED"), Fault::fault)
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(violations) => violations,
            other => other.cause().map_or(&[], Fault::violations),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.cause().and_then(Fault::retry_after)
    }
}

impl From<kit::db::Error> for Error {
    fn from(error: kit::db::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        kit::status(&error)
    }
}
