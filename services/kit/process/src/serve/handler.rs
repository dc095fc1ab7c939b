//! From hyper's request to the router's answer, once for each request.
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{body::Body, routing::future::RouteFuture};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Version, header::CONNECTION};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tower::Service as _;

use super::{
    activity::{Activity, InFlight},
    rest::{self, Rest},
    shared::{PeerAddress, Shared},
};

pub(super) struct Handler {
    pub(super) shared: Arc<Shared>,
    pub(super) activity: Arc<Activity>,
    pub(super) peer: PeerAddress,
}

impl hyper::service::Service<Request<Incoming>> for Handler {
    type Response = Response<Counted>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, mut request: Request<Incoming>) -> Answer {
        let in_flight = self.activity.request();
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
        http1: Option<(Arc<Shared>, Arc<Activity>)>,
    }
}

impl Future for Answer {
    type Output = Result<Response<Counted>, Infallible>;

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
        if let Some((shared, activity)) = answer.http1
            && (!is_read || shared.is_draining() || activity.is_last_answer())
        {
            if !is_read {
                activity.leave_unread();
            }
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let in_flight = answer.in_flight.take();
        Poll::Ready(Ok(response.map(|body| Counted { body, _in_flight: in_flight })))
    }
}

/// A body that keeps its request under way until it is sent or given up.
#[derive(Debug)]
pub(super) struct Counted {
    body: Body,
    _in_flight: Option<InFlight>,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
