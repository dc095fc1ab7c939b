//! The ways in which a call ends without an answer, and what the caller is told.
use std::{collections::HashMap, error::Error, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use kit_base::error::{DOMAIN, chain};

/// Why an attempt brought no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No code of the peer has seen it: it may go elsewhere at once, whatever it asks for.
    Unsent,
    /// It was sent; nobody here knows whether it was carried out.
    Lost(String),
    /// It was sent, and nothing came back within the time of an attempt, to anybody.
    Silent,
    /// It was sent, and takes longer than an attempt may at a peer who answers others meanwhile.
    Slow,
    /// The deadline of the whole call has passed.
    Expired,
    /// No endpoint is there to be asked.
    Nobody,
    /// All places for what lasts are taken.
    Full,
}

impl Failure {
    /// Tells sent from unsent. hyper hands an unsent request back; a stream above the last one of a GOAWAY, or a refused
    /// one, was not worked on either (RFC 9113, 6.8 and 8.7).
    pub(crate) fn from_send<T>(failed: &hyper::client::conn::TrySendError<T>) -> Self {
        let cause = failed.error();
        let protocol = cause.source().and_then(|source| source.downcast_ref::<h2::Error>());
        let untouched = protocol.is_some_and(|error| {
            error.is_remote()
                && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
        });
        if failed.message().is_some() || untouched {
            Self::Unsent
        } else {
            Self::Lost(chain(cause))
        }
    }

    /// The reply of a call that failed so, to the peer called `name`. What kept it from being sent, `fault`, stays in this process.
    pub(crate) fn status(&self, name: &str, fault: impl FnOnce() -> String) -> Status {
        match self {
            Self::Unsent | Self::Nobody => {
                let mut status = unavailable(format!("{name} cannot be reached"));
                let cause: Box<dyn Error + Send + Sync> = fault().into();
                status.set_source(cause.into());
                status
            }
            Self::Full => unavailable(format!("{name} has no place for more who wait")),
            Self::Lost(_) => unavailable(format!("{name} was lost during the call")),
            Self::Silent | Self::Slow => late(format!("{name} did not answer in time")),
            Self::Expired => expired(),
        }
    }

    /// The cause as a label of a metric.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Unsent => "unsent",
            Self::Lost(_) => "lost",
            Self::Silent => "silent",
            Self::Slow => "slow",
            Self::Expired => "expired",
            Self::Nobody => "nobody",
            Self::Full => "full",
        }
    }
}

/// The peer is gone, for now.
pub(crate) fn unavailable(message: String) -> Status {
    let mut details = ErrorDetails::with_error_info("PEER_UNAVAILABLE", DOMAIN, HashMap::new());
    details.set_retry_info(Some(Duration::from_secs(1)));
    Status::with_error_details(Code::Unavailable, message, details)
}

/// The time of the call is over.
pub(crate) fn expired() -> Status {
    late("the deadline of the request has passed".to_owned())
}

fn late(message: String) -> Status {
    kit_base::error::refuse(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_told_no_more_of_a_failure_than_what_to_do() {
        let lost = Failure::Lost("10.0.0.7:50052 reset by peer".to_owned());
        for (failure, code, reason, message, again) in [
            (
                Failure::Unsent,
                Code::Unavailable,
                "PEER_UNAVAILABLE",
                "tasks cannot be reached",
                true,
            ),
            (
                Failure::Nobody,
                Code::Unavailable,
                "PEER_UNAVAILABLE",
                "tasks cannot be reached",
                true,
            ),
            (
                Failure::Full,
                Code::Unavailable,
                "PEER_UNAVAILABLE",
                "tasks has no place for more who wait",
                true,
            ),
            (lost, Code::Unavailable, "PEER_UNAVAILABLE", "tasks was lost during the call", true),
            (
                Failure::Silent,
                Code::DeadlineExceeded,
                "DEADLINE_EXCEEDED",
                "tasks did not answer in time",
                false,
            ),
            (
                Failure::Expired,
                Code::DeadlineExceeded,
                "DEADLINE_EXCEEDED",
                "the deadline of the request has passed",
                false,
            ),
        ] {
            let status = failure.status("tasks", || "refused".to_owned());
            let refusal = kit_base::error::Refusal::from_status(&status);
            assert_eq!((status.code(), status.message()), (code, message), "{failure:?}");
            assert_eq!(refusal.reason.as_deref(), Some(reason), "{failure:?}");
            assert_eq!(refusal.retry_after.is_some(), again, "{failure:?}");
        }
    }
}
