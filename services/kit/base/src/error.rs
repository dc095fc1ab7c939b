//! How a failure becomes a reply, once for all services, and how the edge reads it back.
use std::{collections::HashMap, error::Error, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::outage::Outages;

/// Whose reasons they are (`ErrorInfo.domain`).
pub const DOMAIN: &str = "errand";

/// What requests have to wait for, by its reason.
static WAITING: Outages = Outages::new();

/// A failure that knows how a caller should see it.
pub trait Fault: Error {
    /// The gRPC code and the stable, machine-readable reason.
    fn fault(&self) -> (Code, &'static str);

    /// What is wrong with which field, all at once.
    fn violations(&self) -> &[Violation] {
        &[]
    }

    /// When it may be worth trying again.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// Why something that is needed is not there right now. It stands among the causes of a failure for those who wait for it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Absent(anyhow::Error);

impl Absent {
    /// It is not there because of `cause`.
    pub fn new(cause: impl Into<anyhow::Error>) -> Self {
        Self(cause.into())
    }
}

/// One field that is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its path, dotted: `due.date`.
    pub field: String,
    /// A stable, machine-readable reason.
    pub reason: String,
    /// What would be right, for a person.
    pub message: String,
}

impl Violation {
    /// The field at `field` is wrong for `reason`; `message` says what would be right.
    pub fn new(field: impl Into<String>, reason: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.to_owned(), message: message.into() }
    }
}

/// Turns a failure into a reply. What the caller could not have caused is logged here, once, with its causes, and hidden.
pub fn status(error: &dyn Fault) -> Status {
    let (code, reason) = error.fault();
    let hidden = matches!(code, Code::Internal | Code::Unknown | Code::DataLoss);
    if hidden {
        tracing::error!(reason, error = chain(error), "a request failed");
    } else if code == Code::Unavailable {
        // The caller comes again, others do too, and what is missing says so itself.
        if WAITING.is_news(reason) {
            tracing::warn!(reason, error = chain(error), "a request has to wait");
        } else {
            tracing::debug!(reason, error = chain(error), "a request has to wait");
        }
    }
    let message =
        if hidden { "something went wrong on our side".to_owned() } else { error.to_string() };
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    if let Some(pause) = error.retry_after() {
        details.set_retry_info(Some(pause));
    }
    let wrong = |Violation { field, reason, message }: &Violation| {
        let mut violation = FieldViolation::new(field, message);
        violation.reason.clone_from(reason);
        violation
    };
    if !error.violations().is_empty() {
        details.set_bad_request(error.violations().iter().map(wrong).collect::<Vec<_>>());
    }
    Status::with_error_details(code, message, details)
}

/// An error with its causes, on one line.
pub fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What a failed call said, with the causes that are known here alone: they travel no further.
pub fn told(status: &Status) -> String {
    match status.source() {
        Some(cause) => format!("{}: {}", status.message(), chain(cause)),
        None => status.message().to_owned(),
    }
}

/// A reply with a reason and no more.
pub fn refuse(code: Code, reason: &'static str, message: impl Into<String>) -> Status {
    Status::with_error_details(
        code,
        message,
        ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new()),
    )
}

/// What a failed call said.
#[derive(Debug, Default)]
pub struct Refusal {
    /// The stable reason; none when the failure did not come from one of our services.
    pub reason: Option<String>,
    /// The fields that are not acceptable.
    pub violations: Vec<Violation>,
    /// When it may be worth trying again.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Reads the details of a failed call.
    pub fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let violations = details
            .bad_request()
            .map(|request| request.field_violations.clone())
            .unwrap_or_default();
        let violation = |violation: FieldViolation| Violation {
            field: violation.field,
            reason: violation.reason,
            message: violation.description,
        };
        Self {
            reason: details.error_info().map(|info| info.reason.clone()),
            violations: violations.into_iter().map(violation).collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("not acceptable")]
    struct Unacceptable(Vec<Violation>);

    impl Fault for Unacceptable {
        fn fault(&self) -> (Code, &'static str) {
            (Code::InvalidArgument, "INVALID")
        }
        fn violations(&self) -> &[Violation] {
            &self.0
        }
    }

    #[test]
    fn what_a_service_says_reaches_the_edge() {
        let violations = vec![Violation::new("due.date", "DATE", "a day as 2026-09-01")];
        let refusal = Refusal::from_status(&status(&Unacceptable(violations.clone())));
        assert_eq!(refusal.reason.as_deref(), Some("INVALID"));
        assert_eq!(refusal.violations, violations);
        assert_eq!(refusal.retry_after, None);
    }

    #[test]
    fn an_internal_failure_shows_no_cause() {
        #[derive(Debug, thiserror::Error)]
        #[error("password is hunter2")]
        struct Secret;
        impl Fault for Secret {
            fn fault(&self) -> (Code, &'static str) {
                (Code::Internal, "INTERNAL")
            }
        }
        assert!(!format!("{:?}", status(&Secret)).contains("hunter2"));
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the pool has no connection")]
    struct Failed(Code, #[source] Cause);

    #[derive(Debug, thiserror::Error)]
    #[error("connect to 10.0.0.7")]
    struct Cause(#[source] std::fmt::Error);

    impl Fault for Failed {
        fn fault(&self) -> (Code, &'static str) {
            (self.0, "REASON")
        }
        fn retry_after(&self) -> Option<Duration> {
            Some(Duration::from_millis(1_500))
        }
    }

    fn failed(code: Code) -> Failed {
        Failed(code, Cause(std::fmt::Error))
    }

    #[test]
    fn only_what_a_caller_may_know_is_said() {
        for (code, shown) in [
            (Code::Internal, false),
            (Code::Unknown, false),
            (Code::DataLoss, false),
            (Code::Unavailable, true),
            (Code::NotFound, true),
        ] {
            let status = status(&failed(code));
            let refusal = Refusal::from_status(&status);
            assert_eq!(status.code(), code);
            assert_eq!(status.message() == "the pool has no connection", shown, "{code:?}");
            assert!(!format!("{status:?}").contains("10.0.0.7"), "{code:?}: a cause is shown");
            assert_eq!(refusal.reason.as_deref(), Some("REASON"));
            assert_eq!(refusal.retry_after, Some(Duration::from_millis(1_500)));
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("nobody is there")]
    struct Away;

    impl Fault for Away {
        fn fault(&self) -> (Code, &'static str) {
            (Code::Unavailable, "AWAY")
        }
    }

    #[test]
    fn what_many_have_to_wait_for_is_told_of_once() {
        let (log, _guard) = crate::testing::log();
        for _ in 0..100 {
            _ = status(&Away);
        }
        let text = log.text();
        assert_eq!(text.matches("a request has to wait").count(), 1, "{text}");
    }

    #[test]
    fn a_log_line_tells_every_cause_in_order() {
        let told = chain(&failed(Code::Internal));
        let last = std::fmt::Error.to_string();
        assert_eq!(told, format!("the pool has no connection: connect to 10.0.0.7: {last}"));
    }

    #[test]
    fn what_others_refuse_has_no_reason_of_ours() {
        let Refusal { reason, violations, retry_after } =
            Refusal::from_status(&Status::unavailable("down"));
        assert_eq!((reason, violations, retry_after), (None, vec![], None));
        let own =
            Refusal::from_status(&refuse(Code::Aborted, "VERSION_MISMATCH", "it is at version 8"));
        assert_eq!(own.reason.as_deref(), Some("VERSION_MISMATCH"));
    }
}
