//! What happened, newest first.
mod routes;
mod shape;

pub(crate) use routes::operations;
