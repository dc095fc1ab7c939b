//! Accounts.
pub(crate) mod routes;
mod shape;
