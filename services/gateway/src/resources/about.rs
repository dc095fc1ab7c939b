//! The API about itself.
pub(crate) mod docs;
pub(crate) mod routes;
mod shape;
