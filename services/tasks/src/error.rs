//! Every way the tasks service says no.
use std::time::Duration;

use kit::{Fault, Violation, page::PageError};
use tonic::{Code, Status};

/// Why a request was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no such task")]
    TaskNotFound,
    #[error("there is no such project")]
    ProjectNotFound,
    #[error("there is nothing by this id in the trash")]
    TrashNotFound,
    #[error("some fields are not acceptable")]
    Invalid(Vec<Violation>),
    #[error("it changed since: it is at version {at}; read it again")]
    Stale { at: i64 },
    #[error("the id is taken already")]
    IdTaken,
    #[error("a task cannot be moved below itself")]
    Cycle,
    #[error("subtasks can be nested {0} deep at most")]
    TooDeep(usize),
    #[error("it has more subtasks than one request may touch ({0})")]
    TooMany(i64),
    #[error("the Inbox can be neither renamed, archived nor deleted")]
    Inbox,
    #[error("the project is archived; unarchive it first")]
    Archived,
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    #[error("the cursor is too old, changes since then are no longer kept; read everything anew")]
    CursorExpired,
    #[error(transparent)]
    Page(#[from] PageError),
    #[error("too many writes are waiting; try again")]
    Busy,
    #[error("the caller stopped waiting")]
    Expired,
    #[error("{0}")]
    Database(#[source] std::sync::Arc<kit::db::Error>),
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::TaskNotFound => (Code::NotFound, "TASK_NOT_FOUND"),
            Self::ProjectNotFound => (Code::NotFound, "PROJECT_NOT_FOUND"),
            Self::TrashNotFound => (Code::NotFound, "TRASH_NOT_FOUND"),
            Self::Invalid(_) => (Code::InvalidArgument, "VALIDATION_FAILED"),
            Self::Stale { .. } => (Code::Aborted, "VERSION_MISMATCH"),
            Self::IdTaken => (Code::AlreadyExists, "ID_TAKEN"),
            Self::Cycle => (Code::FailedPrecondition, "CYCLE"),
            Self::TooDeep(_) => (Code::FailedPrecondition, "TOO_DEEP"),
            Self::TooMany(_) => (Code::FailedPrecondition, "TOO_MANY_SUBTASKS"),
            Self::Inbox => (Code::FailedPrecondition, "INBOX_IS_FIXED"),
            Self::Archived => (Code::FailedPrecondition, "PROJECT_ARCHIVED"),
            Self::KeyReused => (Code::FailedPrecondition, "IDEMPOTENCY_KEY_REUSED"),
            Self::CursorExpired => (Code::OutOfRange, "CURSOR_EXPIRED"),
            Self::Page(error) => error.fault(),
            Self::Busy => (Code::Unavailable, "BUSY"),
            Self::Expired => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
            Self::Database(error) => error.fault(),
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
            Self::Busy => Some(Duration::from_secs(1)),
            Self::Database(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl From<kit::db::Error> for Error {
    fn from(error: kit::db::Error) -> Self {
        Self::Database(std::sync::Arc::new(error))
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        kit::status(&error)
    }
}
