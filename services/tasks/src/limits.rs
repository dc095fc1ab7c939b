//! How much a field may hold, as the contract says it.
pub(crate) use proto::tasks::v1::limits::*;
