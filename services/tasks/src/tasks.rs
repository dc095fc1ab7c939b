//! Tasks: what there is to do.
pub(crate) mod census;
pub(crate) mod error;
pub(crate) mod list;
pub(crate) mod message;
pub(crate) mod metrics;
pub(crate) mod refold;
pub(crate) mod row;
pub(crate) mod rpc;
pub(crate) mod rules;
pub(crate) mod store;
pub(crate) mod write;
