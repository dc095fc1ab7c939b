//! How long the head of a request may be: what is longer than this is a mistake, and is told so before anything reads it.
use axum::{extract::Request, http::StatusCode};
use kit_process::serve::MOST_HEADERS;

use crate::problem::Problem;

/// The longest target, in bytes (RFC 9110, 4.1 asks for 8,000 at least).
const LONGEST_TARGET: usize = 8 * 1024;
/// The most bytes of all header lines together, as for HTTP/2.
const LONGEST_HEADERS: usize = 16 * 1024;

/// Refuses a head that is too long.
pub(super) fn fits(request: &Request) -> Result<(), Problem> {
    let uri = request.uri();
    let target = uri.path().len() + uri.query().map_or(0, str::len);
    if target > LONGEST_TARGET {
        return Err(target_too_long());
    }
    let lines = request.headers().iter();
    let bytes: usize = lines.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > LONGEST_HEADERS {
        return Err(headers_too_long());
    }
    Ok(())
}

/// The refusal of a path and a query that are too long.
pub(super) fn target_too_long() -> Problem {
    let message = format!("path and query have at most {LONGEST_TARGET} bytes");
    Problem::new(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", message)
}

/// The refusal of headers that are too long, or too many.
pub(super) fn headers_too_long() -> Problem {
    let message =
        format!("there are at most {MOST_HEADERS} headers, of {LONGEST_HEADERS} bytes together");
    Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "HEADERS_TOO_LARGE", message)
}
