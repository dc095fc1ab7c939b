//! How often a password may be guessed.
pub(crate) mod error;
pub(crate) mod metrics;
pub(crate) mod row;
pub(crate) mod rules;
pub(crate) mod store;
