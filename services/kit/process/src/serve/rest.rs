//! What is left of a request's body when its answer is there. A connection on which something stays unread can only end, and a client
//! that is not told so loses its next request (RFC 9112, 9.6).
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Request, header::EXPECT};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::{
    sync::oneshot::{self, Receiver, Sender, error::TryRecvError},
    time,
};

/// No more than this is read for nothing, in bytes.
const MOST: u64 = 8 * 1024 * 1024;
/// Nor for longer than this: who sends a body without asking first has it on the way.
const LONGEST: Duration = Duration::from_secs(1);

/// Lends the body of a request to who answers it.
pub(super) fn lend(request: Request<Incoming>) -> (Request<Body>, Option<Rest>) {
    if request.body().is_end_stream() {
        return (request.map(Body::new), None);
    }
    let is_on_its_way = !request.headers().contains_key(EXPECT);
    let (back, lent) = oneshot::channel();
    let lend = |body| Body::new(Lent { body: Some(body), back: Some(back), is_on_its_way });
    (request.map(lend), Some(Rest { lent, reading: None }))
}

/// A body that goes back when it is let go of before its end.
#[derive(Debug)]
struct Lent {
    body: Option<Incoming>,
    back: Option<Sender<Option<Incoming>>>,
    /// Whether the client sends it whatever it is told.
    is_on_its_way: bool,
}

impl http_body::Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.is_on_its_way = true;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if frame.is_none() {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let left = self.body.take().filter(|body| !body.is_end_stream());
        if let (Some(left), Some(back)) = (left, self.back.take()) {
            _ = back.send(self.is_on_its_way.then_some(left));
        }
    }
}

/// The other end of what was lent.
pub(super) struct Rest {
    lent: Receiver<Option<Incoming>>,
    reading: Option<BoxFuture<'static, bool>>,
}

impl Rest {
    /// Reads what is left, within bounds; gives whether nothing is any more.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let reading = match &mut self.reading {
            Some(reading) => reading,
            none => match self.lent.try_recv() {
                Err(TryRecvError::Closed) => return Poll::Ready(true),
                Err(TryRecvError::Empty) | Ok(None) => return Poll::Ready(false),
                Ok(Some(body)) => none.insert(read(body).boxed()),
            },
        };
        reading.as_mut().poll(cx)
    }
}

async fn read(mut body: Incoming) -> bool {
    let mut left = MOST;
    if body.size_hint().lower() > left {
        return false;
    }
    let whole = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            left = left.saturating_sub(bytes as u64);
            if left == 0 {
                return false;
            }
        }
        true
    };
    time::timeout(LONGEST, whole).await.unwrap_or(false)
}
