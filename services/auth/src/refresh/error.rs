use kit_base::Fault;
use tonic::Code;

/// Why a refresh token gave no other.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the refresh token is not valid any more; sign in again")]
    TokenInvalid,
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::TokenInvalid => (Code::Unauthenticated, "REFRESH_TOKEN_INVALID"),
        }
    }
}
