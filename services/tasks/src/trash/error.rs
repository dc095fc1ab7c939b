//! What the trash may refuse.
use kit::Fault;
use tonic::Code;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is nothing by this id in the trash")]
    NotFound,
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::NotFound => (Code::NotFound, "TRASH_NOT_FOUND"),
        }
    }
}
