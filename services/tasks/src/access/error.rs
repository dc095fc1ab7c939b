//! What a scope may refuse.
use kit_base::Fault;
use tonic::Code;

use crate::error::Reason;

/// What a scope may be refused for: its quotas.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("an account may keep so many {0}, those in the trash too: {1}; delete some for good")]
    Rows(String, i64),
    #[error(
        "an account may keep so many bytes, those in the trash too: {0}; delete something for good"
    )]
    Bytes(i64),
    #[error(
        "an account may write so many bytes a day: {0}; go on after midnight (UTC). Deleting goes on"
    )]
    BytesToday(i64),
}

/// What [`Error::quota`] may give.
pub(crate) const QUOTAS: [&str; 3] = ["objects", "bytes", "bytes_a_day"];

impl Error {
    /// The quota that is used up, as it is counted.
    pub(crate) fn quota(&self) -> &'static str {
        match self {
            Self::Rows(..) => QUOTAS[0],
            Self::Bytes(_) => QUOTAS[1],
            Self::BytesToday(_) => QUOTAS[2],
        }
    }
}

impl Reason for Error {}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        // Waiting does not help, as it would where a rate is used up.
        (Code::PermissionDenied, "QUOTA_EXCEEDED")
    }
}
