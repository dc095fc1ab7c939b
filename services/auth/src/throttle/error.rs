use std::time::Duration;

use kit_base::Fault;
use tonic::Code;

/// Why an attempt was not let through.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("too many attempts; try again later")]
    TooManyAttempts { pause: Duration },
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::TooManyAttempts { .. } => (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyAttempts { pause } => Some(*pause),
        }
    }
}
