use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use axum::body::Body;
use http::{HeaderMap, Request, Response, Uri};
use tonic::Code;
use tower::Service;

use crate::metrics;

/// Counts and times each call by its method and code.
#[derive(Clone, Debug)]
pub(super) struct Measured<S>(pub(super) S);

impl<S> Service<Request<Body>> for Measured<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Timed<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let uri = request.uri().clone();
        Timed { began: Instant::now(), uri, answer: self.0.call(request) }
    }
}

pin_project_lite::pin_project! {
    /// A call that is timed.
    pub(super) struct Timed<F> {
        began: Instant,
        uri: Uri,
        #[pin]
        answer: F,
    }
}

impl<F: Future<Output = Result<Response<Body>, Infallible>>> Future for Timed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let timed = self.project();
        let Ok(response) = ready!(timed.answer.poll(cx));
        metrics::rpc_served(timed.uri.path(), code(response.headers()), timed.began.elapsed());
        Poll::Ready(Ok(response))
    }
}

/// A call that failed says so in its head; one that succeeded says it after its body.
pub(super) fn code(headers: &HeaderMap) -> Code {
    headers.get("grpc-status").map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}
