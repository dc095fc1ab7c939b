//! How the tasks service says no. What a resource is refused for stands in its folder, as a [`Reason`].
use std::{sync::Arc, time::Duration};

use kit_base::{Fault, Violation, page::PageError};
use tonic::{Code, Status};

/// Why a request was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Error {
    #[error("some fields are not acceptable")]
    Invalid(Vec<Violation>),
    #[error("{0}")]
    Refused(Arc<dyn Reason>),
    #[error(transparent)]
    Database(Arc<kit_db::Error>),
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

    /// Whether the scope that it is about was erased.
    pub(crate) fn is_erased(&self) -> bool {
        self.fault().0 == Code::Unauthenticated
    }

    /// Goes on where nothing speaks against it.
    pub(crate) fn unless_acceptable(faults: Vec<Violation>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self::Invalid(faults)) }
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

impl From<kit_db::Error> for Error {
    fn from(error: kit_db::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        kit_base::status(&error)
    }
}

#[cfg(test)]
mod tests {
    use Code::{
        Aborted, AlreadyExists, DeadlineExceeded, FailedPrecondition, Internal, InvalidArgument,
        NotFound, OutOfRange, ResourceExhausted, Unauthenticated, Unavailable,
    };

    use super::*;

    fn lost() -> anyhow::Error {
        anyhow::anyhow!("the password is hunter2")
    }

    /// Each way of saying no, with what a caller sees of it and when to come again, in seconds.
    fn all() -> Vec<(Error, Code, &'static str, Option<u64>)> {
        use crate::{
            journal::error::Error as Journal, projects::error::Error as Project,
            searches::error::Error as Search, tasks::error::Error as Task,
            trash::error::Error as Trash,
        };
        vec![
            (Error::Invalid(vec![]), InvalidArgument, "VALIDATION_FAILED", None),
            (Task::NotFound.into(), NotFound, "TASK_NOT_FOUND", None),
            (Task::Cycle.into(), FailedPrecondition, "CYCLE", None),
            (Task::TooDeep(5).into(), FailedPrecondition, "TOO_DEEP", None),
            (Task::TooMany(9).into(), FailedPrecondition, "TOO_MANY_SUBTASKS", None),
            (Project::NotFound.into(), NotFound, "PROJECT_NOT_FOUND", None),
            (Project::Inbox.into(), FailedPrecondition, "INBOX_IS_FIXED", None),
            (Project::Archived.into(), FailedPrecondition, "PROJECT_ARCHIVED", None),
            (Trash::NotFound.into(), NotFound, "TRASH_NOT_FOUND", None),
            (Journal::Stale { at: 7 }.into(), Aborted, "VERSION_MISMATCH", None),
            (Journal::IdTaken.into(), AlreadyExists, "ID_TAKEN", None),
            (Journal::KeyReused.into(), FailedPrecondition, "IDEMPOTENCY_KEY_REUSED", None),
            (Journal::CursorExpired.into(), OutOfRange, "CURSOR_EXPIRED", None),
            (Journal::Busy.into(), Unavailable, "BUSY", Some(1)),
            (Journal::Expired.into(), DeadlineExceeded, "DEADLINE_EXCEEDED", None),
            (Journal::Erased.into(), Unauthenticated, "SESSION_ENDED", None),
            (
                Search::OfScope { again: Duration::from_secs(1) }.into(),
                ResourceExhausted,
                "TOO_MANY_AT_ONCE",
                Some(1),
            ),
            (Search::OfAll.into(), Unavailable, "BUSY", Some(1)),
            (PageError::Cursor.into(), InvalidArgument, "INVALID_CURSOR", None),
            (PageError::Mismatch.into(), InvalidArgument, "CURSOR_MISMATCH", None),
            (PageError::Limit.into(), InvalidArgument, "INVALID_LIMIT", None),
            (
                kit_db::Error::Unavailable(kit_base::error::Absent::new(lost())).into(),
                Unavailable,
                "DATABASE_UNAVAILABLE",
                Some(1),
            ),
            (kit_db::Error::NotFound.into(), Internal, "INTERNAL", None),
            (kit_db::Error::Query(lost()).into(), Internal, "INTERNAL", None),
        ]
    }

    #[test]
    fn every_refusal_has_the_code_and_the_reason_that_clients_know() {
        for (error, code, reason, seconds) in all() {
            let said = format!("{error:?}");
            let status = Status::from(error);
            let refusal = kit_base::error::Refusal::from_status(&status);
            assert_eq!((status.code(), refusal.reason.as_deref()), (code, Some(reason)), "{said}");
            assert_eq!(refusal.retry_after, seconds.map(Duration::from_secs), "{said}");
            assert!(!format!("{status:?}").contains("hunter2"), "{said}: a cause is shown");
        }
    }

    #[test]
    fn the_log_has_each_cause_once() {
        let error = Error::from(kit_db::Error::Query(lost()));
        assert_eq!(kit_base::error::chain(&error), "a query failed: the password is hunter2");
    }

    #[test]
    fn nothing_is_refused_without_a_fault_and_each_fault_is_told() {
        assert!(Error::unless_acceptable(vec![]).is_ok());
        let faults = vec![
            Violation::new("title", "REQUIRED", "longer"),
            Violation::new("due.date", "DATE", "a day"),
        ];
        let status = Status::from(Error::unless_acceptable(faults.clone()).unwrap_err());
        assert_eq!(kit_base::error::Refusal::from_status(&status).violations, faults);
    }
}
