//! From hyper's request to the router's answer, once for each request.
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{body::Body, routing::future::RouteFuture};
use http::{
    HeaderValue, Request, Response, Version,
    header::{CONNECTION, CONTENT_TYPE},
};
use hyper::body::Incoming;
use tower::Service as _;

use super::{
    activity::{Activity, InFlight},
    offers::Offers,
    reply::Reply,
    rest::{self, Rest},
    shared::Shared,
};
use crate::{peer::PeerAddress, protocol::Protocol};

pub(super) struct Handler {
    pub(super) shared: Arc<Shared>,
    pub(super) activity: Arc<Activity>,
    pub(super) peer: PeerAddress,
}

impl hyper::service::Service<Request<Incoming>> for Handler {
    type Response = Response<Reply>;
    type Error = h2::Error;
    type Future = Answer;

    fn call(&self, mut request: Request<Incoming>) -> Answer {
        let in_flight = self.activity.request();
        // Behind a balancer many share a connection: there the one who takes nothing must not end it for all.
        let watched = self.shared.protocol == Protocol::Http;
        let http1 = request.version() < Version::HTTP_2;
        request.extensions_mut().insert(self.peer);
        // HTTP/2 ends a stream where HTTP/1 would have to end the connection.
        let (request, rest) = match http1 {
            true => rest::lend(request),
            false => (request.map(Body::new), None),
        };
        let route = self.shared.router.clone().call(request);
        let shared = http1.then(|| Arc::clone(&self.shared));
        Answer {
            route,
            response: None,
            rest,
            in_flight: Some(in_flight),
            watched: watched.then(|| Arc::clone(self.activity.offers())),
            http1: shared.map(|shared| (shared, Arc::clone(&self.activity))),
        }
    }
}

pin_project_lite::pin_project! {
    /// The router's answer, with what the connection has to add.
    pub(super) struct Answer {
        #[pin]
        route: RouteFuture<Infallible>,
        response: Option<Response<Body>>,
        rest: Option<Rest>,
        in_flight: Option<InFlight>,
        watched: Option<Arc<Offers>>,
        http1: Option<(Arc<Shared>, Arc<Activity>)>,
    }
}

impl Future for Answer {
    type Output = Result<Response<Reply>, h2::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = self.project();
        if answer.response.is_none() {
            let Ok(response) = ready!(answer.route.poll(cx));
            *answer.response = Some(response);
        }
        let is_read = match answer.rest {
            Some(rest) => ready!(rest.poll_read(cx)),
            None => true,
        };
        let mut response = answer.response.take().expect("it is there, and given once");
        if response.extensions().get::<Reset>().is_some() {
            return Poll::Ready(Err(h2::Reason::ENHANCE_YOUR_CALM.into()));
        }
        if let Some((shared, activity)) = answer.http1
            && (!is_read || shared.is_draining() || activity.is_last_answer())
        {
            if !is_read {
                activity.leave_unread();
            }
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let mut in_flight = answer.in_flight.take();
        if let Some(in_flight) = in_flight.as_mut().filter(|_| is_stream(&response)) {
            in_flight.begin_stream();
        }
        Poll::Ready(Ok(response.map(|body| Reply::new(body, in_flight, answer.watched.take()))))
    }
}

/// Marks an answer that is not sent: HTTP/2 ends its stream (ENHANCE_YOUR_CALM; RFC 9113, 7), HTTP/1 the connection.
#[derive(Clone, Copy, Debug)]
pub struct Reset;

/// Whether the answer is events, or messages of which there may be more.
fn is_stream(response: &Response<Body>) -> bool {
    let media = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    media.is_some_and(|media| {
        media.starts_with(b"text/event-stream") || media.starts_with(b"application/grpc")
    })
}
