//! What others need to check access tokens themselves.
pub(crate) mod known;
pub(crate) mod message;
pub(crate) mod metrics;
pub(crate) mod row;
pub(crate) mod rpc;
pub(crate) mod store;
