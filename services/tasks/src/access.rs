//! Access: which scopes a caller may see, and how one is erased.
pub(crate) mod row;
pub(crate) mod store;
pub(crate) mod write;
