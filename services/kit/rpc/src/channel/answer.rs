//! The body of an answer: its call holds its place at the endpoint until it has been read.
use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};
use tonic::Status;

use super::{
    call::{Call, Length},
    failure,
    flight::Flight,
};
use kit_base::error::chain;

/// What the peer answers.
pub(crate) struct Answer {
    body: Incoming,
    /// What came of it before anybody asked.
    first: Option<Frame<Bytes>>,
    /// When it must have ended; none for a stream.
    deadline: Option<Instant>,
    /// Made when the answer first has to be waited for: as a rule it came as a whole.
    clock: Option<Pin<Box<Sleep>>>,
    _flight: Flight,
}

impl Answer {
    pub(crate) fn new(body: Incoming, flight: Flight, call: &Call) -> Self {
        let deadline = (call.length == Length::Brief).then_some(call.deadline.at);
        Self { body, first: None, deadline, clock: None, _flight: flight }
    }

    /// Waits for what comes behind the head: where that does not come, the call can still be sent to another.
    pub(crate) async fn begin(&mut self) -> Result<(), hyper::Error> {
        if !self.body.is_end_stream() {
            self.first = self.body.frame().await.transpose()?;
        }
        Ok(())
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            let lost = |error: hyper::Error| {
                tracing::debug!(cause = chain(&error), "an answer broke off");
                failure::unavailable("the answer broke off".to_owned())
            };
            return Poll::Ready(frame.map(|frame| frame.map_err(lost)));
        }
        let Some(deadline) = this.deadline else { return Poll::Pending };
        let clock = this.clock.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        clock.as_mut().poll(cx).map(|()| Some(Err(failure::expired())))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.body.is_end_stream()
    }
}
