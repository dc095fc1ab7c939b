use std::time::Duration;

use kit_base::Fault;
use tonic::Code;

use crate::error::Reason;

/// Why a search is not begun.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("your searches and large pages wait for one another; try again soon")]
    OfScope { again: Duration },
    #[error("searches and large pages of others are read first; try again")]
    OfAll,
}

impl Reason for Error {}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::OfScope { .. } => (Code::ResourceExhausted, "TOO_MANY_AT_ONCE"),
            // Another replica may have fewer.
            Self::OfAll => (Code::Unavailable, "BUSY"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::OfScope { again } => Some(*again),
            Self::OfAll => Some(Duration::from_secs(1)),
        }
    }
}
