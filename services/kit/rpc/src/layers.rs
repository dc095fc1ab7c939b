//! What every gRPC call passes, whichever way it comes: over a socket as the bytes of HTTP/2, or from this very process as the message
//! itself ([`Here::call`], ADR 11).
mod call;
mod deadline;

use std::{
    convert::Infallible,
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tower::{Service, ServiceBuilder};

pub(crate) use self::call::{Arrival, answered};
use crate::{
    authenticate::Authenticated,
    channel::{self, GrpcChannel, Here},
    services::Services,
    token::Verifier,
};

/// Wraps the stack around services, as other processes call them, and gives the channel of this process to them; with a `verifier` each
/// call brings the verdict on its token. Around all routes at once: a layer of axum's goes around each route, and each call would clone
/// and box it, and all below it.
pub fn server(
    services: Services,
    verifier: Option<Arc<Verifier>>,
) -> (
    impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
    + Clone
    + Send
    + Sync
    + 'static,
    GrpcChannel,
) {
    let Services { routes, here } = services;
    let here = Here::new(here, verifier.clone());
    let stack = ServiceBuilder::new()
        .layer_fn(Answered)
        // Innermost: whether anybody has to be known is up to the method.
        .layer_fn(move |inner: axum::Router| Authenticated { inner, verifier: verifier.clone() })
        .service(routes.prepare().into_axum_router());
    (stack.clone(), channel::local(stack).with_here(here))
}

/// Works on each call as [`answered`] says.
#[derive(Clone, Debug)]
struct Answered<S>(S);

impl<S> Service<Request<Body>> for Answered<S>
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
        let mut inner = mem::replace(&mut self.0, next);
        Box::pin(async move {
            let (uri, arrival) = (request.uri().clone(), Arrival::of_stranger(request.headers()));
            let work = || async move {
                let Ok(response) = inner.call(request).await;
                response
            };
            Ok(answered(uri.path(), arrival, work).await)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, time::Duration};

    use axum::{Router, body::Body, routing::post};
    use futures_util::FutureExt as _;
    use http::{Request, Response};
    use tonic::{Code, Status, service::Routes};
    use tower::ServiceExt as _;

    use super::*;
    use kit_base::request;

    async fn call(path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let answer =
            |text: String| Response::builder().header("seen", text).body(Body::empty()).unwrap();
        let seen = async move || {
            let context = request::current().unwrap();
            answer(format!("{} {}", context.request_id, context.trace.trace_id_hex()))
        };
        let slow = async || tokio::time::sleep(Duration::from_secs(60)).await;
        let broken = async || -> &'static str { panic!("the secret of {}", 42) };
        let router = Router::new()
            .route("/x/Seen", post(seen))
            .route("/x/Slow", post(slow))
            .route("/x/Broken", post(broken));
        let request = headers
            .iter()
            .fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
        let (router, _) = server(Routes::from(router).into(), None);
        router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap_or_else(|never: Infallible| match never {})
    }

    fn refusal(response: &Response<Body>) -> Status {
        Status::from_header_map(response.headers()).unwrap()
    }

    #[tokio::test]
    async fn a_handler_sees_the_request_id_and_trace_of_its_caller() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        let response =
            call("/x/Seen", &[("x-request-id", "abc-1"), ("traceparent", &parent)]).await;
        assert_eq!(response.headers()["seen"], format!("abc-1 {trace}"));
    }

    #[tokio::test]
    async fn an_id_that_could_forge_a_log_is_replaced() {
        let response = call("/x/Seen", &[("x-request-id", "a b\"c")]).await;
        let seen = response.headers()["seen"].to_str().unwrap();
        assert!(uuid::Uuid::try_parse(seen.split(' ').next().unwrap()).is_ok(), "{seen}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_call_ends_at_its_deadline_with_our_own_code() {
        let begun = tokio::time::Instant::now();
        let status = refusal(&call("/x/Slow", &[("grpc-timeout", "200m")]).await);
        assert_eq!((status.code(), begun.elapsed().as_millis()), (Code::DeadlineExceeded, 200));
    }

    #[tokio::test]
    async fn a_deadline_that_cannot_be_read_is_refused() {
        for timeout in ["", "5", "S", "s", "5x", "1 S", "123456789S", "-1S"] {
            let refused = refusal(&call("/x/Seen", &[("grpc-timeout", timeout)]).await);
            let told = (refused.code(), kit_base::error::Refusal::from_status(&refused).reason);
            let expected = (Code::InvalidArgument, Some("INVALID_DEADLINE".to_owned()));
            assert_eq!(told, expected, "{timeout:?}");
        }
    }

    #[tokio::test]
    async fn a_call_without_time_left_is_not_begun() {
        assert_eq!(
            refusal(&call("/x/Broken", &[("grpc-timeout", "4m")]).await).code(),
            Code::DeadlineExceeded
        );
    }

    #[tokio::test]
    async fn a_method_that_nobody_has_looked_for_is_no_series() {
        for timeout in ["5x", "0S", "1m", "4999u"] {
            drop(call("/x/Invented", &[("grpc-timeout", timeout)]).await);
        }
        for timeout in [None, Some("5S")] {
            let request =
                timeout.into_iter().fold(Request::post("/x/Invented"), |request, time| {
                    request.header("grpc-timeout", time)
                });
            let answer =
                server(Services::default(), None).0.oneshot(request.body(Body::empty()).unwrap());
            assert_eq!(refusal(&answer.await.unwrap()).code(), Code::Unimplemented);
        }
        let counted = kit_base::metrics::text();
        assert!(counted.contains("_OTHER") && !counted.contains("Invented"), "{counted}");
    }

    #[tokio::test]
    async fn a_call_whose_caller_has_gone_is_counted_as_cancelled() {
        let waiting = call("/x/Slow", &[]);
        assert!(waiting.now_or_never().is_none());
        let counted = kit_base::metrics::text();
        let line =
            "rpc_method=\"x/Slow\",rpc_status_code=\"CANCELLED\",rpc_system_name=\"grpc\"} 1";
        assert!(
            counted.lines().any(|told| told.starts_with("rpc_server_") && told.ends_with(line)),
            "{counted}"
        );
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_without_its_text() {
        let status = refusal(&call("/x/Broken", &[]).await);
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("42"), "{status:?}");
    }
}
