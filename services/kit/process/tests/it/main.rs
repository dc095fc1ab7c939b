//! The chassis as its users see it.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod authority;
mod call;
mod log;
mod process;
mod serve;
mod tls;
