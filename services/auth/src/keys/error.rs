use std::time::Duration;

use kit_base::Fault;
use tonic::Code;

/// Why nothing can be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the signing keys are not there yet; try again")]
    Unavailable,
    #[error(
        "KEK is not the key that this database's signing keys were encrypted with: set KEK (or KEK_FILE, or the .kek file beside \
         an SQLite database) to the one that was used before"
    )]
    WrongKek,
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::Unavailable => (Code::Unavailable, "KEYS_UNAVAILABLE"),
            Self::WrongKek => (Code::Internal, "INTERNAL"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable => Some(Duration::from_secs(1)),
            Self::WrongKek => None,
        }
    }
}
