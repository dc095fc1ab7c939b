//! The trash.
mod routes;
mod shape;

pub(crate) use routes::operations;
pub(crate) use shape::ObjectType;
