//! Access: which scopes a caller may see.
pub(crate) mod row;
pub(crate) mod store;
