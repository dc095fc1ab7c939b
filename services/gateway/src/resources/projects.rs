//! Projects.
pub(crate) mod routes;
mod shape;
