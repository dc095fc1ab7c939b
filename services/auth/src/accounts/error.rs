use kit_base::Fault;
use tonic::Code;

/// Why an account was not made, read or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is an account with this e-mail address already; sign in instead")]
    EmailTaken,
    #[error("the account was deleted")]
    NotFound,
    #[error("the account changed since: it is at version {at}; read it again")]
    VersionMismatch { at: i64 },
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::EmailTaken => (Code::AlreadyExists, "EMAIL_TAKEN"),
            // Its sessions have ended with it.
            Self::NotFound => (Code::Unauthenticated, "SESSION_ENDED"),
            Self::VersionMismatch { .. } => (Code::Aborted, "VERSION_MISMATCH"),
        }
    }
}
