//! Tasks.
pub(crate) mod routes;
mod shape;
