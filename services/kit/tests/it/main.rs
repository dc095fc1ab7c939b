//! The chassis as its users see it.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod authority;
mod channel;
mod log;
mod process;
mod serve;
mod tls;
