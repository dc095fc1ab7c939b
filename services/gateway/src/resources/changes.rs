//! What happens, to follow it.
pub(crate) mod routes;
mod shape;
pub(crate) mod stream;

pub(crate) use shape::Change;
