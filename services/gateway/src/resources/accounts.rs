//! Accounts.
mod routes;
mod shape;

pub(crate) use routes::operations;
