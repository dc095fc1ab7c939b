//! What the trash may refuse.
use kit_base::Fault;
use tonic::Code;

use crate::error::Reason;

/// See the module.
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
