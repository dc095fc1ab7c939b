use std::{
    convert::Infallible,
    mem,
    task::{Context, Poll},
    time,
};

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use tokio::time::Instant;
use tonic::Code;
use tower::Service;

use super::deadline::{self, Unbegun};
use crate::{channel::code, metrics, span};
use kit_base::{
    clock::Clock,
    error::refuse,
    request::{self, RequestContext, TraceContext},
};

/// What a call is counted under whose method nobody has looked for: any client can make up names.
const UNKNOWN: &str = "_OTHER";

/// Works on each call as part of the request that its metadata names, and counts and times it by its method and code.
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
        Box::pin(measured(mem::replace(&mut self.0, next), request))
    }
}

async fn measured<S>(inner: S, request: Request<Body>) -> Result<Response<Body>, Infallible>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let (began, uri) = (time::Instant::now(), request.uri().clone());
    let Some(timeout) = deadline::timeout(request.headers()) else {
        let form = "grpc-timeout is up to eight digits and a unit";
        metrics::rpc_served(UNKNOWN, Code::InvalidArgument, (began.elapsed(), None));
        return Ok(refuse(Code::InvalidArgument, "INVALID_DEADLINE", form).into_http());
    };
    let method = uri.path().trim_start_matches('/');
    let step =
        span::begin(span::Kind::Server, method, TraceContext::from_headers(request.headers()));
    let trace = step.trace();
    let mut call = Call { began, uri: &uri, step: Some(step) };
    let response = scoped(inner, request, trace, timeout).await;
    let begun = response.extensions().get::<Unbegun>().is_none();
    call.count(if begun { uri.path() } else { UNKNOWN }, code(response.headers()));
    Ok(response)
}

/// A call that is being answered.
struct Call<'u> {
    began: time::Instant,
    uri: &'u Uri,
    /// None when it is counted.
    step: Option<span::Step>,
}

impl Call<'_> {
    fn count(&mut self, method: &str, code: Code) {
        let Some(step) = self.step.take() else { return };
        metrics::rpc_served(method, code, (self.began.elapsed(), Some(step.trace())));
        step.end_rpc(self.uri.path().trim_start_matches('/'), code);
    }
}

/// A call whose caller has gone has an outcome, too. Its method has been found: nothing else is waited for.
impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.count(self.uri.path(), Code::Cancelled);
    }
}

async fn scoped<S>(
    mut inner: S,
    request: Request<Body>,
    trace: TraceContext,
    timeout: time::Duration,
) -> Response<Body>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let request_id = request::id(request.headers(), &Clock::system());
    let deadline = Instant::now() + timeout;
    let context = RequestContext { request_id, trace, deadline };
    let Ok(response) = request::scope(context, async { inner.call(request).await }).await;
    response
}
