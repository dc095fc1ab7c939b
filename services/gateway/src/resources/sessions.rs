//! Sessions.
mod device;
mod routes;
mod shape;

pub(crate) use routes::operations;
