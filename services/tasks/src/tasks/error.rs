//! What a task may be refused for.
use kit_base::Fault;
use tonic::Code;

use crate::error::Reason;

/// What a task may be refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no such task")]
    NotFound,
    #[error("a task cannot be moved below itself")]
    Cycle,
    #[error("subtasks can be nested {0} deep at most")]
    TooDeep(usize),
    #[error("it has more subtasks than one request may touch ({0})")]
    TooMany(i64),
    #[error(
        "this search takes too long here: narrow it by a project, or by fewer and longer words"
    )]
    SearchTooSlow,
}

impl Reason for Error {}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::NotFound => (Code::NotFound, "TASK_NOT_FOUND"),
            Self::Cycle => (Code::FailedPrecondition, "CYCLE"),
            Self::TooDeep(_) => (Code::FailedPrecondition, "TOO_DEEP"),
            Self::TooMany(_) => (Code::FailedPrecondition, "TOO_MANY_SUBTASKS"),
            // No other replica would be faster.
            Self::SearchTooSlow => (Code::DeadlineExceeded, "SEARCH_TOO_SLOW"),
        }
    }
}
