//! The body of an answer, as the client takes it.
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{
    activity::InFlight,
    offers::{Offered, Offers},
};

/// What is handed over at once, in bytes, of what is longer than two of it: hyper asks for more when most of that has gone out.
const PIECE: usize = 16 * 1024;

/// A body that keeps its request under way until it is sent or given up, and that is handed over in pieces, so that it can be seen
/// whether the client takes them.
#[derive(Debug)]
pub(super) struct Reply {
    body: Body,
    /// What is left of a frame that was too long.
    rest: Bytes,
    watched: Option<Arc<Offers>>,
    offered: Option<Offered>,
    _in_flight: Option<InFlight>,
}

impl Reply {
    /// The answer `body`; whether it is taken is told to `watched`.
    pub(super) fn new(
        body: Body,
        in_flight: Option<InFlight>,
        watched: Option<Arc<Offers>>,
    ) -> Self {
        let offered = watched.as_ref().map(Offers::offer);
        Self { body, rest: Bytes::new(), watched, offered, _in_flight: in_flight }
    }

    /// Notes whether the client waits for us, or we for the client.
    fn note<T>(&mut self, next: &Poll<T>) {
        match (next, &self.offered) {
            (Poll::Pending, _) => self.offered = None,
            (Poll::Ready(_), Some(offered)) => offered.replace(),
            (Poll::Ready(_), None) => self.offered = self.watched.as_ref().map(Offers::offer),
        }
    }

    /// A piece of a frame that is too long; what is left of it comes next.
    fn piece(&mut self, mut bytes: Bytes) -> Frame<Bytes> {
        if bytes.len() > 2 * PIECE {
            self.rest = bytes.split_off(PIECE);
        }
        Frame::data(bytes)
    }
}

impl http_body::Body for Reply {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let next = match std::mem::take(&mut self.rest) {
            none if none.is_empty() => Pin::new(&mut self.body).poll_frame(cx),
            rest => Poll::Ready(Some(Ok(Frame::data(rest)))),
        };
        self.note(&next);
        next.map_ok(|frame| match frame.into_data() {
            Ok(bytes) => self.piece(bytes),
            Err(trailers) => trailers,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, body) = (self.rest.len() as u64, self.body.size_hint());
        let mut whole = SizeHint::new();
        whole.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use http_body::Body as _;
    use http_body_util::BodyExt as _;
    use tokio::time::{sleep, timeout};

    use super::*;

    fn reply(body: Body, offers: &Arc<Offers>) -> Reply {
        Reply::new(body, None, Some(Arc::clone(offers)))
    }

    #[test]
    fn what_is_long_is_handed_over_in_pieces_and_is_the_same() {
        for (length, pieces) in
            [(0, 0), (1, 1), (2 * PIECE, 1), (2 * PIECE + 1, 2), (5 * PIECE + 7, 5)]
        {
            let whole: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut reply = reply(Body::from(whole.clone()), &Arc::default());
            let (mut got, mut count) = (vec![], 0);
            assert_eq!(reply.size_hint().exact(), Some(length as u64));
            while let Some(frame) = reply.frame().now_or_never().unwrap() {
                got.extend_from_slice(&frame.unwrap().into_data().unwrap());
                count += 1;
                assert_eq!(reply.size_hint().exact(), Some((length - got.len()) as u64));
                assert_eq!(reply.is_end_stream(), got.len() == length);
            }
            assert_eq!((got == whole, count), (true, pieces), "{length}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_told_from_one_that_waits_for_us() {
        let (offers, limit, hour) =
            (Arc::<Offers>::default(), Duration::from_secs(10), Duration::from_secs(3600));
        let mut whole = reply(Body::from(vec![7; 9 * PIECE]), &offers);
        assert!(timeout(hour, offers.untaken(limit)).await.is_ok(), "not even the first piece");
        whole.frame().await.unwrap().unwrap();
        assert!(timeout(hour, offers.untaken(limit)).await.is_ok(), "nor the second");
        drop(whole);
        let slow = futures_util::stream::unfold(0, |event| async move {
            sleep(Duration::from_secs(60)).await;
            Some((Ok::<_, std::io::Error>("event"), event + 1))
        });
        let mut events = reply(Body::from_stream(slow), &offers);
        let listening = async { while events.frame().await.is_some() {} };
        assert!(
            timeout(hour, async { tokio::join!(listening, offers.untaken(limit)) }).await.is_err()
        );
        assert!(timeout(hour, offers.untaken(limit)).await.is_err(), "it is still for us to go on");
        events.frame().await.unwrap().unwrap();
        assert!(timeout(hour, offers.untaken(limit)).await.is_ok(), "now it is for the client");
        drop(events);
        assert!(timeout(hour, offers.untaken(limit)).await.is_err());
    }
}
