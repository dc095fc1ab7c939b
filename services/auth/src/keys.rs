//! The keys that sign access tokens.
pub(crate) mod error;
pub(crate) mod keyring;
pub(crate) mod metrics;
pub(crate) mod row;
pub(crate) mod rules;
pub(crate) mod store;
