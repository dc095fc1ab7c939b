/// The longest that a poll for changes waits, in seconds.
pub const WAIT_SECONDS: u64 = 30;
