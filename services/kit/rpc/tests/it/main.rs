//! The channel as its users see it.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod channel;
mod span;
