use kit_base::Fault;
use tonic::Code;

/// Why a key is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("this Idempotency-Key was used for another request")]
    Reused,
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::Reused => (Code::FailedPrecondition, "IDEMPOTENCY_KEY_REUSED"),
        }
    }
}
