//! What happened, newest first.
pub(crate) mod routes;
mod shape;
