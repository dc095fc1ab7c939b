//! Projects: lists of tasks with a name.
pub(crate) mod error;
pub(crate) mod message;
pub(crate) mod row;
pub(crate) mod rpc;
pub(crate) mod rules;
pub(crate) mod store;
pub(crate) mod write;
