//! What guards the resources: each part of it in a file of its own, put around them by [`guard`].
pub(crate) mod access;
pub(crate) mod admission;
mod client;
mod compression;
pub(crate) mod cors;
pub(crate) mod guard;
mod head;
mod headers;
mod host;
pub(crate) mod idempotency;
mod quota;
pub(crate) mod rates;
mod record;
pub(crate) mod streams;
mod table;
pub(crate) mod unread;
pub(crate) mod user;
pub(crate) mod visit;
