//! Every way the auth service says no: what each resource says, and what none of them says alone.
use std::time::Duration;

use kit_base::{Fault, Violation, page::PageError};
use tonic::{Code, Status};

use crate::{accounts, idempotency, keys, passwords, refresh, sessions, throttle};

/// Makes [`Error`] of what resources refuse for: the variant of each, the way into it, and what it says itself.
macro_rules! errors {
    ($($resource:ident($error:ty),)*) => {
        /// Why a request was not carried out.
        #[derive(Debug, thiserror::Error)]
        pub(crate) enum Error {
            #[error("some fields are not acceptable")]
            Invalid(Vec<Violation>),
            $(
                #[error(transparent)]
                $resource(#[from] $error),
            )*
            #[error("something unexpected happened")]
            Internal(#[source] anyhow::Error),
        }

        impl Error {
            /// What the resource says itself; none where this enum says it.
            fn of_resource(&self) -> Option<&dyn Fault> {
                match self {
                    $(Self::$resource(error) => Some(error),)*
                    Self::Invalid(_) | Self::Internal(_) => None,
                }
            }
        }
    };
}

errors! {
    Account(accounts::error::Error),
    Password(passwords::error::Error),
    Session(sessions::error::Error),
    Refresh(refresh::error::Error),
    Throttle(throttle::error::Error),
    Key(keys::error::Error),
    Idempotency(idempotency::error::Error),
    Page(PageError),
    Database(kit_db::Error),
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
            other => other.of_resource().map_or(&[], Fault::violations),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.of_resource().and_then(Fault::retry_after)
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        kit_base::status(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Code::{
        Aborted, AlreadyExists, FailedPrecondition, Internal, InvalidArgument, NotFound,
        ResourceExhausted, Unauthenticated, Unavailable,
    };

    /// Each way of saying no, with what a caller sees of it and when to come again, in seconds.
    fn all() -> Vec<(Error, Code, &'static str, Option<u64>)> {
        let pause = Duration::from_secs(16);
        let lost = || anyhow::anyhow!("the password is hunter2");
        vec![
            (Error::Invalid(vec![]), InvalidArgument, "VALIDATION_FAILED", None),
            (accounts::error::Error::EmailTaken.into(), AlreadyExists, "EMAIL_TAKEN", None),
            (accounts::error::Error::NotFound.into(), Unauthenticated, "SESSION_ENDED", None),
            (
                accounts::error::Error::VersionMismatch { at: 7 }.into(),
                Aborted,
                "VERSION_MISMATCH",
                None,
            ),
            (passwords::error::Error::Busy.into(), Unavailable, "HASHING_BUSY", Some(1)),
            (
                sessions::error::Error::CredentialsInvalid.into(),
                Unauthenticated,
                "CREDENTIALS_INVALID",
                None,
            ),
            (sessions::error::Error::NotFound.into(), NotFound, "SESSION_NOT_FOUND", None),
            (
                refresh::error::Error::TokenInvalid.into(),
                Unauthenticated,
                "REFRESH_TOKEN_INVALID",
                None,
            ),
            (
                throttle::error::Error::TooManyAttempts { pause }.into(),
                ResourceExhausted,
                "TOO_MANY_ATTEMPTS",
                Some(16),
            ),
            (keys::error::Error::Unavailable.into(), Unavailable, "KEYS_UNAVAILABLE", Some(1)),
            (keys::error::Error::WrongKek.into(), Internal, "INTERNAL", None),
            (
                idempotency::error::Error::Reused.into(),
                FailedPrecondition,
                "IDEMPOTENCY_KEY_REUSED",
                None,
            ),
            (
                kit_db::Error::Unavailable(kit_base::error::Absent::new(lost())).into(),
                Unavailable,
                "DATABASE_UNAVAILABLE",
                Some(1),
            ),
            (kit_db::Error::NotFound.into(), Internal, "INTERNAL", None),
            (Error::Internal(lost()), Internal, "INTERNAL", None),
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
    fn every_fault_of_a_field_is_told() {
        let faults = vec![
            Violation::new("name", "TOO_SHORT", "longer"),
            Violation::new("email", "INVALID", "other"),
        ];
        let status = Status::from(Error::Invalid(faults.clone()));
        assert_eq!(kit_base::error::Refusal::from_status(&status).violations, faults);
    }
}
