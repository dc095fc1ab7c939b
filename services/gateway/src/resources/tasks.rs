//! Tasks.
mod filter;
mod routes;
mod shape;

pub(crate) use routes::operations;
