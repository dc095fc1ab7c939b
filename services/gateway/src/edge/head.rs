//! How long the head of a request may be, and what it must not leave open: what is wrong with it is told before anything reads it.
use axum::{
    extract::Request,
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, TRANSFER_ENCODING},
    },
};
use kit_process::serve::MOST_HEADERS;

use crate::problem::Problem;

/// The longest target, in bytes (RFC 9110, 4.1 asks for 8,000 at least).
const LONGEST_TARGET: usize = 8 * 1024;
/// The most bytes of all header lines together.
const LONGEST_HEADERS: usize = 16 * 1024;

/// Refuses a head that is too long.
pub(super) fn fits(request: &Request) -> Result<(), Problem> {
    let uri = request.uri();
    let target = uri.path().len() + uri.query().map_or(0, str::len);
    if target > LONGEST_TARGET {
        return Err(target_too_long());
    }
    let headers = request.headers();
    // Of HTTP/1 no more than these are read; HTTP/2 knows no such bound.
    if headers.len() > MOST_HEADERS || bytes(headers) > LONGEST_HEADERS {
        return Err(headers_too_long());
    }
    Ok(())
}

/// What a line of a head takes besides its bytes: its place among the others.
const BESIDES: usize = 128;

/// About how many bytes the lines of a head take here.
pub(super) fn size(headers: &HeaderMap) -> usize {
    bytes(headers) + headers.len() * BESIDES
}

/// Of all lines: names and values.
fn bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// What is sent once: of two nobody knows which one is meant.
const ONCE: [(&str, HeaderName); 2] =
    [("Authorization", AUTHORIZATION), ("Content-Type", CONTENT_TYPE)];

/// Refuses a head that says who asks, or what the body is, in two ways, or packs the body as nobody here unpacks it (RFC 9112, 6.1).
pub(super) fn is_clear(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    for (shown, name) in ONCE {
        if headers.get_all(name).iter().count() > 1 {
            return Err(Problem::bad_header(shown, "REPEATED_HEADER", "this header is sent once"));
        }
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        let message = "a body comes chunked or with its length, and not packed on the way";
        let status = StatusCode::NOT_IMPLEMENTED;
        return Err(Problem::new(status, "UNSUPPORTED_TRANSFER_CODING", message));
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

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn refusal(target: usize, headers: &[(&str, usize)]) -> Option<u16> {
        let request = Request::builder().uri(format!("/{}", "x".repeat(target - 1)));
        let request = headers
            .iter()
            .fold(request, |request, (name, length)| request.header(*name, "y".repeat(*length)));
        fits(&request.body(Body::empty()).unwrap()).err().map(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_head_may_be_as_long_as_the_limit_and_no_longer() {
        assert_eq!(refusal(LONGEST_TARGET, &[]), None);
        assert_eq!(refusal(LONGEST_TARGET + 1, &[]), Some(414));
        let most = LONGEST_HEADERS - "one".len() - "other".len();
        assert_eq!(refusal(1, &[("one", most - 1), ("other", 1)]), None, "names count too");
        assert_eq!(refusal(1, &[("one", most), ("other", 1)]), Some(431));
        assert_eq!(
            refusal(1, &[("one", most / 2), ("one", most / 2 + 8)]),
            Some(431),
            "both lines"
        );
    }

    #[test]
    fn the_query_is_part_of_the_target() {
        let uri = |query: usize| format!("/{}?{}", "x".repeat(4_095), "y".repeat(query));
        for (query, fit) in [(LONGEST_TARGET - 4_096, true), (LONGEST_TARGET - 4_095, false)] {
            let request = Request::builder().uri(uri(query)).body(Body::empty()).unwrap();
            assert_eq!(fits(&request).is_ok(), fit, "{query}");
        }
    }
}
