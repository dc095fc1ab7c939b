//! How long the head of a request may be: what is longer than this is a mistake, and is told so before anything reads it.
use axum::{extract::Request, http::StatusCode};

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
        let message = format!("path and query have at most {LONGEST_TARGET} bytes");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", message));
    }
    let lines = request.headers().iter();
    let bytes: usize = lines.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > LONGEST_HEADERS {
        let message = format!("all headers together have at most {LONGEST_HEADERS} bytes");
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(Problem::new(status, "HEADERS_TOO_LARGE", message));
    }
    Ok(())
}
