//! What any write may be refused for, and any reader of the journal.
use std::time::Duration;

use kit_base::Fault;
use tonic::Code;

use crate::error::Reason;

/// What a write or a cursor may be refused for, whatever it is about.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("it changed since: it is at version {at}; read it again")]
    Stale { at: i64 },
    #[error("the id is taken already")]
    IdTaken,
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    #[error("the cursor is too old, changes since then are no longer kept; read everything anew")]
    CursorExpired,
    #[error("too many writes are waiting; try again")]
    Busy,
    #[error("so many wait for the changes of one account: {most}")]
    Listened { most: usize },
    #[error("the caller stopped waiting")]
    Expired,
    #[error("the account was deleted")]
    Erased,
}

impl Reason for Error {}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::Stale { .. } => (Code::Aborted, "VERSION_MISMATCH"),
            Self::IdTaken => (Code::AlreadyExists, "ID_TAKEN"),
            Self::KeyReused => (Code::FailedPrecondition, "IDEMPOTENCY_KEY_REUSED"),
            Self::CursorExpired => (Code::OutOfRange, "CURSOR_EXPIRED"),
            Self::Busy => (Code::Unavailable, "BUSY"),
            Self::Listened { .. } => (Code::ResourceExhausted, "TOO_MANY_LISTENERS"),
            Self::Expired => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
            // As auth says it.
            Self::Erased => (Code::Unauthenticated, "SESSION_ENDED"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Busy | Self::Listened { .. }).then_some(Duration::from_secs(1))
    }
}
