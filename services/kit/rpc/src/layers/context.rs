use std::{
    convert::Infallible,
    mem,
    task::{Context, Poll},
};

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tokio::time::Instant;
use tonic::Code;
use tower::Service;

use super::{deadline, measure};
use crate::span;
use kit_base::{
    clock::Clock,
    error::refuse,
    request::{self, RequestContext, TraceContext},
};

/// Works on each call as part of the request that its metadata names.
#[derive(Clone, Debug)]
pub(super) struct Scoped<S>(pub(super) S);

impl<S> Service<Request<Body>> for Scoped<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The clone has not been asked whether it is ready; this one has.
        let next = self.0.clone();
        Box::pin(answer(mem::replace(&mut self.0, next), request))
    }
}

async fn answer<S>(mut inner: S, request: Request<Body>) -> Result<Response<Body>, Infallible>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let headers = request.headers();
    let Some(timeout) = deadline::timeout(headers) else {
        let refusal = refuse(
            Code::InvalidArgument,
            "INVALID_DEADLINE",
            "grpc-timeout is up to eight digits and a unit",
        );
        return Ok(refusal.into_http());
    };
    let parent = TraceContext::of(headers);
    let uri = request.uri().clone();
    let method = uri.path().trim_start_matches('/');
    let step = span::begin(span::Kind::Server, method, parent);
    let request_id = request::id(headers, &Clock::system());
    let deadline = Instant::now() + timeout;
    let context = RequestContext { request_id, trace: step.trace(), deadline };
    let Ok(response) = request::scope(context, async { inner.call(request).await }).await;
    step.end_rpc(method, measure::code(response.headers()));
    Ok(response)
}
