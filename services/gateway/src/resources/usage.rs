//! How much a user keeps, and may keep.
mod routes;
mod shape;

pub(crate) use routes::operations;
