//! The body of a request, read strictly: every fault in it is told at once, each with its place.
mod arrival;
mod extract;
pub(crate) mod object;
mod patch;
mod text;
pub(crate) mod tree;

pub(crate) use arrival::whole;
pub(crate) use extract::{Draft, Json, Nothing};
pub(crate) use object::{Within, object};
pub(crate) use patch::Patch;
pub(crate) use text::words;
pub(crate) use tree::DEEPEST;

#[cfg(test)]
mod tests;
