//! What a client keeps from its last login.
pub(crate) mod rules;
