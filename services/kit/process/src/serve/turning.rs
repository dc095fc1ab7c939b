//! Requests that a service turns away before hyper reads them: what is beyond what can be done is refused for a fraction of the work.
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use tokio::{io::AsyncWrite, time::Instant};

use super::shared::Shared;
use crate::unread;

/// The requests of one connection.
pub(super) struct Turning {
    shared: Arc<Shared>,
    peer: SocketAddr,
    /// What is left to be written.
    answer: Bytes,
    /// When hyper had a request last. Its own clock goes on meanwhile, and must not end a connection that is used.
    had_request: Instant,
}

impl Turning {
    pub(super) fn new(shared: Arc<Shared>, peer: SocketAddr) -> Self {
        Self { shared, peer, answer: Bytes::new(), had_request: Instant::now() }
    }

    /// Whether these bytes are a request that is turned away; its answer is then to be written.
    pub(super) fn takes(&mut self, bytes: &[u8]) -> bool {
        let Some(turn_away) = &self.shared.turn_away else { return false };
        let idle = self.shared.limits.idle_timeout.duration();
        let answer = match self.shared.is_draining() || self.had_request.elapsed() > idle / 2 {
            true => None,
            false => turn_away(bytes, self.peer),
        };
        match answer {
            Some(answer) => self.answer = unread::written(answer, &[]),
            None => self.had_request = Instant::now(),
        }
        !self.answer.is_empty()
    }

    /// Writes what is left of the answer.
    pub(super) fn poll_write(
        &mut self,
        mut stream: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.answer.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.answer.is_empty() {
            match ready!(stream.as_mut().poll_write(cx, &self.answer))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.answer.advance(written),
            }
        }
        stream.poll_flush(cx)
    }
}

impl fmt::Debug for Turning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turning").field("peer", &self.peer).finish_non_exhaustive()
    }
}
