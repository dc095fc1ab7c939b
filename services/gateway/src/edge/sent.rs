//! Bodies that keep something until they are sent, which is later than when they are handed over: HTTP/2 takes the bytes as soon as its
//! client has room for one of them, and keeps them then.
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::HeaderValue,
};
use http_body::{Frame, SizeHint};

/// The body, which keeps `kept` until its last bytes are gone.
pub(super) fn keeping<K: Send + Sync + Unpin + 'static>(kept: K, body: Body) -> Body {
    Body::new(Sent { body, kept: Some(kept) })
}

/// The same of a line of a head, which is written as it is, and kept by nobody else (RFC 7541, 7.1.3).
pub(super) fn keep<K: Send + Sync + 'static>(kept: K, line: &mut HeaderValue) {
    let bytes = Bytes::copy_from_slice(line.as_bytes());
    let bytes = Bytes::from_owner(Owned { bytes, _kept: kept });
    if let Ok(mut keeping) = HeaderValue::from_maybe_shared(bytes) {
        keeping.set_sensitive(true);
        *line = keeping;
    }
}

/// Marks an answer that keeps room of its own, as long as it is sent as it is.
#[derive(Clone, Copy)]
pub(super) struct HasRoom;

struct Sent<K> {
    body: Body,
    kept: Option<K>,
}

impl<K: Send + Sync + Unpin + 'static> HttpBody for Sent<K> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
            return Poll::Ready(None);
        };
        let is_last = self.body.is_end_stream();
        let kept = self.kept.take_if(|_| is_last);
        Poll::Ready(Some(frame.map(|frame| {
            frame.map_data(|bytes| match kept {
                Some(kept) => Bytes::from_owner(Owned { bytes, _kept: kept }),
                None => bytes,
            })
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes that keep it as long as somebody has them.
struct Owned<K> {
    bytes: Bytes,
    _kept: K,
}

impl<K> AsRef<[u8]> for Owned<K> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
