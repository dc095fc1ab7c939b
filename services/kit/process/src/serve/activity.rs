//! What a connection is doing, as its clocks need to know it.
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// How an HTTP/2 connection begins (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Nanoseconds since the connection began that stand for "no head is being read".
const NONE: u64 = u64::MAX;

#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    head_began: AtomicU64,
    in_flight: AtomicUsize,
    writes: AtomicU64,
    http2: AtomicBool,
    last_answer: AtomicBool,
}

impl Activity {
    /// A connection of which the first byte has just come.
    pub(super) fn new() -> Arc<Self> {
        let activity = Self {
            began: Instant::now(),
            head_began: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            writes: AtomicU64::new(0),
            http2: AtomicBool::new(false),
            last_answer: AtomicBool::new(false),
        };
        Arc::new(activity)
    }

    pub(super) fn is_http2(&self) -> bool {
        self.http2.load(Relaxed)
    }

    /// Whether the next answer says that no more will follow.
    pub(super) fn is_last_answer(&self) -> bool {
        self.last_answer.load(Relaxed)
    }

    /// Lets the next answer be the last one.
    pub(super) fn expect_no_more(&self) {
        self.last_answer.store(true, Relaxed);
    }

    /// A request's head is complete; it is under way until the guard is dropped.
    pub(super) fn request(self: &Arc<Self>) -> InFlight {
        self.head_began.store(NONE, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Waits until a head has been arriving for `limit`.
    pub(super) async fn overdue_head(&self, limit: Duration) {
        loop {
            let began = match self.head_began.load(Relaxed) {
                _ if self.is_http2() => return std::future::pending().await,
                NONE => Instant::now(),
                nanoseconds => self.began + Duration::from_nanos(nanoseconds),
            };
            if began.elapsed() >= limit {
                return;
            }
            // A head that begins meanwhile is seen before its own time is up.
            tokio::time::sleep_until(began + limit).await;
        }
    }

    /// Waits until nothing is under way and nothing has been written for a second.
    pub(super) async fn quiet(&self) {
        loop {
            let before = self.writes.load(Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.in_flight.load(Relaxed) == 0 && self.writes.load(Relaxed) == before {
                return;
            }
        }
    }

    fn bytes_came(&self) {
        if self.in_flight.load(Relaxed) == 0 && self.head_began.load(Relaxed) == NONE {
            let now = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(NONE - 1);
            self.head_began.store(now, Relaxed);
        }
    }
}

/// A request under way, until the last byte of its answer is handed over.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// A stream that tells `Activity` what arrives.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    preface: Option<usize>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity, preface: Some(0) }
    }

    fn came(&mut self, bytes: &[u8]) {
        if let Some(matched) = self.preface {
            let expected = &PREFACE[matched..PREFACE.len().min(matched + bytes.len())];
            self.preface = bytes.starts_with(expected).then_some(matched + expected.len());
            if self.preface == Some(PREFACE.len()) {
                self.activity.http2.store(true, Relaxed);
                self.preface = None;
            }
        }
        if !bytes.is_empty() {
            self.activity.bytes_came();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Poll::Ready(Ok(())) = read {
            self.came(&buffer.filled()[before..]);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.activity.writes.fetch_add(1, Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.activity.writes.fetch_add(1, Relaxed);
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sees_http2(reads: &[&[u8]]) -> bool {
        let activity = Activity::new();
        let mut watched = Watched::new((), Arc::clone(&activity));
        reads.iter().for_each(|bytes| watched.came(bytes));
        activity.is_http2()
    }

    #[test]
    fn http2_is_known_by_its_whole_preface_however_it_arrives() {
        assert!(sees_http2(&[PREFACE]));
        assert!(sees_http2(&[b"PRI", b"", &PREFACE[3..], b"frame"]));
        assert!(!sees_http2(&[b"PRI * HTTP/2.0\r\n"]));
        assert!(!sees_http2(&[b"PRICE / HTTP/1.1\r\n", PREFACE]));
        assert!(!sees_http2(&[b"GET / HTTP/1.1\r\n", PREFACE]));
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_of_a_head_runs_only_while_one_arrives() {
        let (activity, limit) = (Activity::new(), Duration::from_secs(10));
        let mut watched = Watched::new((), Arc::clone(&activity));
        let request = activity.request();
        let hour = tokio::time::timeout(Duration::from_secs(3600), activity.overdue_head(limit));
        assert!(hour.await.is_err(), "a request under way is no head");
        watched.came(b"body");
        drop(request);
        let hour = tokio::time::timeout(Duration::from_secs(3600), activity.overdue_head(limit));
        assert!(hour.await.is_err(), "an idle connection has no head");
        watched.came(b"GET");
        let began = Instant::now();
        activity.overdue_head(limit).await;
        assert_eq!(began.elapsed().as_secs(), 10);
    }
}
