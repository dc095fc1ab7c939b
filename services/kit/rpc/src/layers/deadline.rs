use std::time::Duration;

use http::HeaderMap;
use kit_base::error::refuse;
use tonic::{Code, Status};

use crate::channel::{GRPC_TIMEOUT, parse};

/// Less than this is not worth beginning.
pub(super) const LEAST: Duration = Duration::from_millis(5);

/// What a caller gets that names no deadline.
const DEFAULT: Duration = Duration::from_secs(15);

/// The caller's `grpc-timeout`; none when it is malformed.
pub(super) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    match headers.get(GRPC_TIMEOUT) {
        Some(value) => parse(value.as_bytes()),
        None => Some(DEFAULT),
    }
}

pub(super) fn late(message: &str) -> Status {
    refuse(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message)
}
