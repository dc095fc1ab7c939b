//! The trash: what was deleted, until it is restored or purged.
pub(crate) mod error;
pub(crate) mod message;
pub(crate) mod rpc;
pub(crate) mod store;
pub(crate) mod write;
