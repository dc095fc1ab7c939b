//! What the trash may refuse.
use kit_base::Fault;
use tonic::Code;

use crate::error::Reason;

/// What something in the trash may be refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is nothing by this id in the trash")]
    NotFound,
}

impl Reason for Error {}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::NotFound => (Code::NotFound, "TRASH_NOT_FOUND"),
        }
    }
}
