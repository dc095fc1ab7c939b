use std::time::Duration;

use kit_base::Fault;
use tonic::Code;

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("too many people sign in right now; try again")]
    Busy,
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::Busy => (Code::Unavailable, "HASHING_BUSY"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy => Some(Duration::from_secs(1)),
        }
    }
}
