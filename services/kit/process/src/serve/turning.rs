//! Requests that a service turns away before hyper reads them: what is beyond what can be done is refused for a fraction of the work.
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use kit_base::Clock;
use tokio::{io::AsyncWrite, time::Instant};

use super::shared::Shared;
use crate::unread;

/// The requests of one connection.
pub(super) struct Turning {
    shared: Arc<Shared>,
    peer: SocketAddr,
    /// What is left to be written.
    answer: Bytes,
    is_flushed: bool,
    /// When hyper had a request last. Its own clock goes on meanwhile, and must not end a connection long before it has rested for its time.
    had_request: Instant,
}

impl Turning {
    pub(super) fn new(shared: Arc<Shared>, peer: SocketAddr) -> Self {
        Self { shared, peer, answer: Bytes::new(), is_flushed: true, had_request: Instant::now() }
    }

    /// Whether these bytes are a request that is turned away; its answer is then to be written.
    pub(super) fn takes(&mut self, bytes: &[u8]) -> bool {
        let Some(turn_away) = &self.shared.turn_away else { return false };
        let idle = self.shared.limits.idle_timeout.duration();
        let answer = match self.shared.is_draining() || self.had_request.elapsed() > idle / 8 {
            true => None,
            false => turn_away(bytes, self.peer),
        };
        match answer {
            Some(answer) => {
                self.answer = unread::written(answer, &[&date()]);
                self.is_flushed = false;
            }
            None => self.had_request = Instant::now(),
        }
        !self.is_flushed
    }

    /// Writes what is left of the answer.
    pub(super) fn poll_write(
        &mut self,
        mut stream: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_flushed {
            return Poll::Ready(Ok(()));
        }
        ready!(unread::poll_write(&mut self.answer, stream.as_mut(), cx))?;
        ready!(stream.poll_flush(cx))?;
        self.is_flushed = true;
        Poll::Ready(Ok(()))
    }
}

/// When the answer is made (RFC 9110, 6.6.1).
fn date() -> Vec<u8> {
    let seconds = u64::try_from(Clock::system().now().as_seconds()).unwrap_or_default();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    format!("date: {}\r\n", httpdate::fmt_http_date(now)).into_bytes()
}

impl fmt::Debug for Turning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turning").field("peer", &self.peer).finish_non_exhaustive()
    }
}
