//! The trash.
pub(crate) mod routes;
mod shape;

pub(crate) use shape::ObjectType;
