use kit_base::Fault;
use tonic::Code;

/// Why a session was not begun or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the e-mail address or the password is wrong")]
    CredentialsInvalid,
    #[error("there is no such session")]
    NotFound,
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::CredentialsInvalid => (Code::Unauthenticated, "CREDENTIALS_INVALID"),
            Self::NotFound => (Code::NotFound, "SESSION_NOT_FOUND"),
        }
    }
}
