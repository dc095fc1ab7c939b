//! Who there is.
pub(crate) mod error;
pub(crate) mod message;
pub(crate) mod metrics;
pub(crate) mod row;
pub(crate) mod rpc;
pub(crate) mod rules;
pub(crate) mod store;
pub(crate) mod write;
