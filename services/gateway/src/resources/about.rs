//! The API about itself.
mod docs;
mod routes;
mod shape;

pub(crate) use routes::operations;
