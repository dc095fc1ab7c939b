//! Logins and all that came of them.
pub(crate) mod error;
pub(crate) mod login;
pub(crate) mod message;
pub(crate) mod metrics;
pub(crate) mod row;
pub(crate) mod rpc;
pub(crate) mod rules;
pub(crate) mod store;
pub(crate) mod write;
