//! Requests of which not even the head can be read. Hyper answers them by itself, with a status and nothing more, before any service
//! is asked, and has no hook for it: its answer is known by where it stands, and another is written in its place.
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::{Body, HttpBody as _};
use bytes::{Buf as _, Bytes};
use futures_util::FutureExt as _;
use http::{HeaderValue, Response, header::CONTENT_LENGTH};
use http_body_util::BodyExt as _;
use tokio::io::AsyncWrite;

/// Why the head of a request could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is not HTTP/1.
    Malformed,
    /// Its first line alone is too long.
    TargetTooLong,
    /// Its headers are too many, or too long.
    HeadersTooLong,
    /// HTTP/2 itself has ended its stream, or answered 431: what a service says to this goes into its log and nowhere else.
    EndedByHttp2,
}

/// What a service answers to whom it cannot read. Its body must be there at once.
pub(crate) type Refuse = Arc<dyn Fn(Unread, SocketAddr) -> Response<Body> + Send + Sync>;

/// Asked with all that has come where a request begins; the answer where the service turns it away, whose body is there at once.
pub(crate) type TurnAway = Arc<dyn Fn(&[u8], SocketAddr) -> Option<Response<Body>> + Send + Sync>;

impl Unread {
    /// What hyper says with an answer of its own. It knows no more than that the head is too long; `in_first_line` says where it was.
    pub(crate) fn told_by(answer: &[u8], in_first_line: bool) -> Option<Self> {
        if !answer.starts_with(b"HTTP/1.") {
            return None;
        }
        match answer.get(8..12)? {
            b" 400" => Some(Self::Malformed),
            b" 414" => Some(Self::TargetTooLong),
            b" 431" if in_first_line => Some(Self::TargetTooLong),
            b" 431" => Some(Self::HeadersTooLong),
            _ => None,
        }
    }
}

/// The answer as it is sent in the place of hyper's, whose date it takes over; the connection ends with it.
pub(crate) fn last_words(response: Response<Body>, in_place_of: &[u8]) -> Bytes {
    let lines = in_place_of.split_inclusive(|byte| *byte == b'\n');
    let date = lines.filter(|line| line.starts_with(b"date: "));
    written(response, &[&b"connection: close\r\n"[..]].into_iter().chain(date).collect::<Vec<_>>())
}

/// An answer as it is sent, with more lines of its head. Its body must be there at once.
pub(crate) fn written(response: Response<Body>, more: &[&[u8]]) -> Bytes {
    let (mut head, body) = response.into_parts();
    debug_assert!(body.size_hint().exact().is_some(), "the body is there at once");
    let body = body.collect().now_or_never().and_then(Result::ok);
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let reason = head.status.canonical_reason().unwrap_or_default().as_bytes();
    let mut bytes = Vec::with_capacity(1024 + body.len());
    let mut add = |parts: &[&[u8]]| parts.iter().for_each(|part| bytes.extend_from_slice(part));
    add(&[b"HTTP/1.1 ", head.status.as_str().as_bytes(), b" ", reason, b"\r\n"]);
    for (name, value) in &head.headers {
        add(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
    add(more);
    add(&[b"\r\n", &body]);
    bytes.into()
}

/// Writes what is left of an answer.
pub(crate) fn poll_write(
    rest: &mut Bytes,
    mut stream: Pin<&mut impl AsyncWrite>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while !rest.is_empty() {
        match ready!(stream.as_mut().poll_write(cx, rest))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => rest.advance(written),
        }
    }
    Poll::Ready(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hyper_says_of_a_head_is_replaced() {
        let told = |answer: &str| Unread::told_by(answer.as_bytes(), false);
        assert_eq!(told("HTTP/1.1 400 Bad Request\r\n\r\n"), Some(Unread::Malformed));
        assert_eq!(told("HTTP/1.0 431 Too Large\r\n\r\n"), Some(Unread::HeadersTooLong));
        assert_eq!(told("HTTP/1.1 414 URI Too Long\r\n\r\n"), Some(Unread::TargetTooLong));
        assert_eq!(Unread::told_by(b"HTTP/1.1 431 x", true), Some(Unread::TargetTooLong));
        for other in ["", "HTTP/1.1 40", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\n"] {
            assert_eq!(told(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_answer_is_whole_and_the_last() {
        let response = Response::builder().status(400).header("x-request-id", "1");
        let answer = last_words(
            response.body(Body::from("why")).unwrap(),
            b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: Thu\r\n\r\n",
        );
        assert_eq!(
            std::str::from_utf8(&answer).unwrap(),
            "HTTP/1.1 400 Bad Request\r\nx-request-id: 1\r\ncontent-length: 3\r\nconnection: close\r\ndate: Thu\r\n\r\nwhy"
        );
    }
}
