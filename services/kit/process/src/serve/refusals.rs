//! Our answer in the place of hyper's, where it could not read a request.
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::unread::{self, Refuse, Unread};

/// The refusal of one connection, which is its end.
pub(super) struct Refusals {
    refuse: Refuse,
    peer: SocketAddr,
    in_first_line: bool,
    /// What is left to be written.
    answer: Option<Bytes>,
    is_shut: bool,
}

impl Refusals {
    pub(super) fn new(refuse: Refuse, peer: SocketAddr) -> Self {
        Self { refuse, peer, in_first_line: true, answer: None, is_shut: false }
    }

    /// Follows the first line of a head.
    pub(super) fn bytes_came(&mut self, bytes: &[u8], head_begins: bool) {
        self.in_first_line = (self.in_first_line || head_begins) && !bytes.contains(&b'\n');
    }

    /// Takes an answer that is no request's out of what hyper writes, and puts ours in its place.
    pub(super) fn replaces(&mut self, bytes: &[u8]) -> bool {
        let Some(unread) = Unread::told_by(bytes, self.in_first_line) else { return false };
        self.answer = Some(unread::last_words((self.refuse)(unread, self.peer), bytes));
        true
    }

    /// Writes what is left of the answer.
    pub(super) fn poll_write(
        &mut self,
        stream: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.answer {
            Some(answer) => unread::poll_write(answer, stream, cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Shuts the stream down. After a refusal, or an answer that leaves something `unread`, what still comes is read until the client
    /// ends it too: a close with unread bytes would reset the connection, and the answer could be lost with it. The clock of a head
    /// bounds that.
    pub(super) fn poll_shutdown(
        &mut self,
        mut stream: Pin<&mut (impl AsyncRead + AsyncWrite)>,
        unread: bool,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.is_shut {
            ready!(stream.as_mut().poll_shutdown(cx))?;
            self.is_shut = true;
        }
        while unread || self.answer.is_some() {
            let mut bytes = [0; 1024];
            let mut unread = ReadBuf::new(&mut bytes);
            ready!(stream.as_mut().poll_read(cx, &mut unread))?;
            if unread.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusals").field("peer", &self.peer).finish_non_exhaustive()
    }
}
