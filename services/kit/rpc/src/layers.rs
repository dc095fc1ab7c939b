//! The stack that every gRPC call passes, over a socket or in process; the reason for a layer stands above it.
mod context;
mod deadline;
mod panic;

use std::{convert::Infallible, sync::Arc};

use axum::body::Body;
use http::{Request, Response};
use tonic::service::Routes;
use tower::{Service, ServiceBuilder};

use self::{context::Scoped, deadline::in_time, panic::caught};
use crate::{authenticate::Authenticated, token::Verifier};

/// Wraps the stack around a service's routes; with a `verifier` each call brings the verdict on its token. Around all of them at once: a
/// layer of axum's goes around each route, and each call would clone and box it, and all below it.
pub fn server(
    routes: Routes,
    verifier: Option<Arc<Verifier>>,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ Sync
+ 'static {
    ServiceBuilder::new()
        // Outermost: it counts the calls that the layers below refuse, too. Whatever follows may ask whose request this is, for the
        // sake of which trace, and how long the caller waits.
        .layer_fn(Scoped)
        // One broken call must not take down the connection that carries a hundred others, nor tell how it broke.
        .map_future(caught)
        // Nobody waits for a late answer: work that cannot be done in time is not begun, or dropped.
        .map_future(in_time)
        // Innermost: whether anybody has to be known is up to the method.
        .layer_fn(move |inner: axum::Router| Authenticated { inner, verifier: verifier.clone() })
        .service(routes.prepare().into_axum_router())
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, time::Duration};

    use axum::{Router, body::Body, routing::post};
    use futures_util::FutureExt as _;
    use http::{Request, Response};
    use tonic::{Code, Status};
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
        let router = server(Routes::from(router), None);
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
        assert!(!response.headers()["seen"].to_str().unwrap().starts_with("a b"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_call_ends_at_its_deadline_with_our_own_code() {
        let begun = tokio::time::Instant::now();
        let status = refusal(&call("/x/Slow", &[("grpc-timeout", "200m")]).await);
        assert_eq!((status.code(), begun.elapsed().as_millis()), (Code::DeadlineExceeded, 200));
    }

    #[tokio::test]
    async fn a_deadline_that_cannot_be_read_is_refused() {
        for timeout in ["", "5", "S", "5x", "123456789S", "-1S"] {
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
                server(Routes::default(), None).oneshot(request.body(Body::empty()).unwrap());
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
    async fn a_malformed_deadline_is_refused() {
        for timeout in ["", "5", "s", "5x", "-1S", "123456789S", "1 S"] {
            assert_eq!(
                refusal(&call("/x/Seen", &[("grpc-timeout", timeout)]).await).code(),
                Code::InvalidArgument,
                "{timeout}"
            );
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_without_its_text() {
        let status = refusal(&call("/x/Broken", &[]).await);
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("42"), "{status:?}");
    }
}
