//! What happens, to follow it.
mod routes;
mod shape;
mod stream;

pub(crate) use routes::operations;
pub(crate) use shape::Change;
