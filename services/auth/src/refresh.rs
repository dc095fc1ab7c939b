//! What someone stays signed in with: the chain of refresh tokens of a session.
pub(crate) mod error;
pub(crate) mod metrics;
pub(crate) mod row;
pub(crate) mod rules;
pub(crate) mod store;
pub(crate) mod write;
