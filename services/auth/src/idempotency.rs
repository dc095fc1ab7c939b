//! What a write answered, kept under its Idempotency-Key: sent again after a lost answer it gets the same one.
pub(crate) mod error;
pub(crate) mod message;
pub(crate) mod row;
pub(crate) mod rules;
pub(crate) mod store;
