//! Access: which scopes a caller may see, how much one may keep, and how one is erased.
pub(crate) mod error;
pub(crate) mod row;
pub(crate) mod rpc;
pub(crate) mod store;
pub(crate) mod usage;
pub(crate) mod write;
