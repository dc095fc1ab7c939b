//! How much a field may hold, as the contract says it.
pub(crate) use proto::auth::v1::limits::*;
