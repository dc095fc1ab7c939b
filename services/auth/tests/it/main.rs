//! The auth service alone, through its contract, on every database.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod accounts;
mod deletion;
mod harness;
mod hashing;
mod housekeeping;
mod idempotency;
mod keys;
mod metrics;
mod migrations;
mod passwords;
mod refresh;
mod sessions;
mod throttle;
mod trust;
