//! What is handed to the writer, and what comes back.
use std::any::Any;

use tokio::time::Instant;

use crate::journal::{change::Actor, command::Command};

/// A write, and who wants it until when.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) actor: Actor,
    pub(crate) key: Option<Key>,
    pub(crate) command: Box<dyn Command>,
    /// About how many bytes it takes while it waits.
    pub(crate) bytes: usize,
    pub(crate) deadline: Instant,
}

/// An idempotency key, and what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) key: String,
    /// SHA-256 of the method and the message.
    pub(crate) fingerprint: Vec<u8>,
}

/// What a write came to.
pub(crate) enum Done {
    /// It was carried out now: the message.
    Fresh(Box<dyn Any + Send>),
    /// It was carried out before, under the same key: the message of then, encoded.
    Replayed(Vec<u8>),
}
