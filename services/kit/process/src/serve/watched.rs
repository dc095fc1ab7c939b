//! A connection's stream, as what watches over the connection needs it.
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    activity::Activity,
    heads::Heads,
    offers::Offered,
    refusals::Refusals,
    turning::Turning,
    unfinished::{FREE, Part},
};

/// How an HTTP/2 connection begins (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream that tells `Activity` what arrives, and says itself why a request could not be read.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    preface: Option<usize>,
    heads: Heads,
    /// How much has come of a head over HTTP/1, in bytes.
    of_head: usize,
    unfinished: Part,
    refusals: Option<Refusals>,
    turning: Option<Turning>,
    /// Whether hyper has nothing of a request that has not come whole: what it was given last ends as a head does.
    is_at_boundary: bool,
    /// What the socket has no room for, since its client takes nothing: heads alone, too, of which no answer's body tells.
    stuck: Option<Offered>,
}

impl<S> Watched<S> {
    pub(super) fn new(
        stream: S,
        activity: Arc<Activity>,
        refusals: Option<Refusals>,
        turning: Option<Turning>,
        unfinished: Part,
    ) -> Self {
        Self {
            stream,
            activity,
            preface: Some(0),
            heads: Heads::default(),
            of_head: 0,
            unfinished,
            refusals,
            turning,
            is_at_boundary: true,
            stuck: None,
        }
    }

    /// Bytes are to go out: over HTTP/1 what they answer has come whole.
    fn bytes_go(&mut self) {
        self.activity.bytes_go();
        if !self.activity.is_http2() {
            self.of_head = 0;
            self.has_room();
        }
    }

    /// What became of bytes that were to go out.
    fn bytes_went<T>(&mut self, outcome: Poll<T>) -> Poll<T> {
        match outcome {
            Poll::Pending => _ = self.stuck.get_or_insert_with(|| self.activity.offers().offer()),
            Poll::Ready(_) => self.stuck = None,
        }
        outcome
    }

    fn bytes_came(&mut self, bytes: &[u8]) {
        let mut frames = bytes;
        if let Some(matched) = self.preface {
            let expected = &PREFACE[matched..PREFACE.len().min(matched + bytes.len())];
            self.preface = bytes.starts_with(expected).then_some(matched + expected.len());
            if self.preface == Some(PREFACE.len()) {
                self.activity.speaks_http2();
                self.preface = None;
                frames = &bytes[expected.len()..];
            }
        }
        if self.activity.is_http2() {
            self.activity.heads_began(self.heads.follow(frames));
        }
        if !bytes.is_empty() {
            let head_begins = self.activity.bytes_came();
            let of_this = if head_begins { 0 } else { self.of_head };
            self.of_head = if self.activity.is_reading_head() { of_this + bytes.len() } else { 0 };
            if let Some(refusals) = &mut self.refusals {
                refusals.bytes_came(bytes, head_begins);
            }
        }
    }

    /// Whether there is room for what has come and is not whole.
    fn has_room(&mut self) -> bool {
        let is_http2 = self.activity.is_http2();
        let unfinished = if is_http2 { self.heads.unfinished() } else { self.of_head };
        self.unfinished.has_room(unfinished)
    }

    /// Whether hyper has written an answer of its own: it is kept back, and ours goes out in its place.
    fn is_replaced(&mut self, bytes: &[u8]) -> bool {
        let Some(refusals) = &mut self.refusals else { return false };
        let replaced = !self.activity.owes_answer() && refusals.replaces(bytes);
        if replaced {
            // What still comes is read, for as long as a head may take.
            self.activity.bytes_came();
        }
        replaced
    }
}

/// Reads, over HTTP/1 no more than a connection has beside what is counted: what came with the end of a request may be of the next head, which
/// only hyper knows.
fn poll_read_some(
    stream: Pin<&mut impl AsyncRead>,
    is_http2: bool,
    cx: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    if is_http2 || buffer.remaining() <= FREE {
        return stream.poll_read(cx, buffer);
    }
    let mut some = ReadBuf::new(buffer.initialize_unfilled_to(FREE));
    ready!(stream.poll_read(cx, &mut some))?;
    let came = some.filled().len();
    buffer.advance(came);
    Poll::Ready(Ok(()))
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            let Self { stream, activity, turning, is_at_boundary, .. } = &mut *self;
            if let Some(turning) = turning {
                ready!(turning.poll_write(Pin::new(&mut *stream), cx))?;
            }
            ready!(poll_read_some(Pin::new(stream), activity.is_http2(), cx, buffer))?;
            let bytes = &buffer.filled()[before..];
            let may_turn = !bytes.is_empty() && *is_at_boundary && activity.is_between_requests();
            if !turning.as_mut().is_some_and(|turning| may_turn && turning.takes(bytes)) {
                break;
            }
            buffer.set_filled(before);
        }
        let bytes = &buffer.filled()[before..];
        self.is_at_boundary = bytes.ends_with(b"\r\n\r\n");
        self.bytes_came(bytes);
        let has_room = self.has_room();
        Poll::Ready(if has_room { Ok(()) } else { Err(io::ErrorKind::QuotaExceeded.into()) })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.bytes_go();
        if self.is_replaced(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bytes_went(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.bytes_go();
        // Hyper's own answer is a head alone, which is one piece.
        if let [head] = bytes
            && self.is_replaced(head)
        {
            return Poll::Ready(Ok(head.len()));
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.bytes_went(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, activity, refusals, .. } = &mut *self;
        if let Some(refusals) = refusals {
            ready!(refusals.poll_write(Pin::new(&mut *stream), cx))?;
        }
        activity.flushed();
        Pin::new(stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, activity, refusals, turning, .. } = &mut *self;
        if let Some(turning) = turning {
            ready!(turning.poll_write(Pin::new(&mut *stream), cx))?;
        }
        let unread = activity.leaves_unread();
        if unread {
            activity.bytes_came();
        }
        match refusals {
            Some(refusals) => refusals.poll_shutdown(Pin::new(stream), unread, cx),
            None => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests;
