//! What a project may be refused for.
use kit_base::Fault;
use tonic::Code;

use crate::error::Reason;

/// What a project may be refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no such project")]
    NotFound,
    #[error("the Inbox can be neither renamed, archived nor deleted")]
    Inbox,
    #[error("the project is archived; unarchive it first")]
    Archived,
}

impl Reason for Error {}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::NotFound => (Code::NotFound, "PROJECT_NOT_FOUND"),
            Self::Inbox => (Code::FailedPrecondition, "INBOX_IS_FIXED"),
            Self::Archived => (Code::FailedPrecondition, "PROJECT_ARCHIVED"),
        }
    }
}
