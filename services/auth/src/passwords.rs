//! What someone proves with who they are.
pub(crate) mod error;
pub(crate) mod hash;
pub(crate) mod hashing;
pub(crate) mod metrics;
pub(crate) mod rules;
pub(crate) mod store;
pub(crate) mod verify;
pub(crate) mod write;
