//! Sessions.
mod device;
pub(crate) mod routes;
mod shape;
