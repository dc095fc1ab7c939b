//! Services of this process, which are called with the message itself.
use std::{any::Any, fmt, sync::Arc, time::Duration};

use kit_base::{
    clock::Clock,
    request::{self, REQUEST_ID, RequestContext},
    trace::{TRACEPARENT, TraceContext},
};
use tokio::time::Instant;
use tonic::{Extensions, Request, Response, Status};

use super::deadline::Deadline;
use crate::{
    authenticate::verdict,
    layers::{Arrival, answered},
    token::Verifier,
};

/// Services of this process.
pub struct Here {
    services: Vec<Box<dyn Any + Send + Sync>>,
    verifier: Option<Arc<Verifier>>,
}

impl Here {
    pub(crate) fn new(
        services: Vec<Box<dyn Any + Send + Sync>>,
        verifier: Option<Arc<Verifier>>,
    ) -> Self {
        Self { services, verifier }
    }

    pub(super) fn service<T: 'static>(&self) -> Option<&T> {
        self.services.iter().find_map(|service| service.downcast_ref())
    }

    /// Calls a method with what a call of another process would bring, all but the bytes: the request that it belongs to, the time that is
    /// left, the verdict on its token. `path` is `/package.Service/Method`.
    ///
    /// # Errors
    /// What the method refuses with; `DEADLINE_EXCEEDED` when that takes too long, `INTERNAL` when it breaks.
    pub async fn call<M, R, F>(
        &self,
        path: &'static str,
        request: Request<M>,
        method: impl FnOnce(Request<M>) -> F,
    ) -> Result<Response<R>, Status>
    where
        F: Future<Output = Result<Response<R>, Status>>,
    {
        let (metadata, _, message) = request.into_parts();
        let headers: &http::HeaderMap = metadata.as_ref();
        let deadline = Deadline::for_call(headers, Duration::ZERO);
        let (request_id, trace, steps) = match request::current() {
            Some(RequestContext { request_id, trace, deadline: _, steps }) => {
                (Some(request_id), Some(trace), steps)
            }
            None => (None, None, None),
        };
        let own_id = || request::id(headers, &Clock::system());
        let arrival = Arrival {
            request_id: request_id
                .filter(|_| !headers.contains_key(&REQUEST_ID))
                .unwrap_or_else(own_id),
            parent: TraceContext::from_headers(headers).or(trace),
            steps: steps.filter(|_| !headers.contains_key(&TRACEPARENT)),
            timeout: Some(deadline.at.saturating_duration_since(Instant::now())),
        };
        let work = || {
            // Whatever else a caller may have put there stays with it, as it would on the way to another process.
            let mut extensions = Extensions::new();
            let verifier = self.verifier.as_deref();
            if let Some(verdict) = verifier.and_then(|it| verdict(it, metadata.as_ref())) {
                extensions.insert(verdict);
            }
            method(Request::from_parts(metadata, extensions, message))
        };
        answered(path, arrival, work).await
    }
}

impl fmt::Debug for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Here").field("services", &self.services.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use kit_base::{Timestamp, error::Refusal};
    use tonic::Code;

    use super::*;
    use crate::{Caller, channel, layers};

    fn here() -> Here {
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        Here::new(vec![Box::new(7_u8)], Some(Arc::new(Verifier::new("things", clock))))
    }

    fn context(trace: TraceContext, left: Duration) -> RequestContext {
        RequestContext {
            request_id: "mine-1".into(),
            trace,
            deadline: Instant::now() + left,
            steps: None,
        }
    }

    /// What a method sees of its request.
    async fn sees(here: &Here, request: Request<()>) -> RequestContext {
        let method = async |_| Ok(Response::new(request::current().unwrap()));
        here.call("/t.T/Sees", request, method).await.unwrap().into_inner()
    }

    async fn refusal(here: &Here, path: &'static str, left: Duration) -> (Code, Option<String>) {
        let method = async |request: Request<()>| {
            match path {
                "/t.T/Asks" => _ = Caller::from_request(&request)?,
                "/t.T/Broken" => panic!("the secret of {}", 42),
                _ => tokio::time::sleep(Duration::from_secs(60)).await,
            }
            Ok(Response::new(()))
        };
        let mut request = Request::new(());
        request.metadata_mut().insert("authorization", "Bearer x".parse().unwrap());
        let call = here.call(path, request, method);
        let refused =
            request::scope(context(TraceContext::random(false), left), call).await.unwrap_err();
        assert!(!refused.message().contains("42"), "{refused:?}");
        (refused.code(), Refusal::from_status(&refused).reason)
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_works_for_the_request_that_asks_it_unless_that_says_itself_whose_it_is() {
        let (here, trace, second) = (here(), TraceContext::random(true), Duration::from_secs(1));
        let seen = request::scope(context(trace, second), sees(&here, Request::new(()))).await;
        assert_eq!((&*seen.request_id, seen.remaining()), ("mine-1", second));
        assert_eq!((seen.trace.trace_id, seen.trace.sampled), (trace.trace_id, true));
        assert_ne!(seen.trace.span_id, trace.span_id, "a step of its own");
        let mut own = Request::new(());
        own.set_timeout(Duration::from_millis(300));
        own.metadata_mut().insert("x-request-id", "own-1".parse().unwrap());
        let seen = request::scope(context(trace, second), sees(&here, own)).await;
        assert_eq!((&*seen.request_id, seen.remaining().as_millis()), ("own-1", 300));
        let alone = sees(&here, Request::new(())).await;
        assert_eq!(alone.remaining(), Duration::from_secs(5));
        assert!(uuid::Uuid::try_parse(&alone.request_id).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_goes_wrong_here_is_told_as_from_another_process() {
        let (here, second) = (here(), Duration::from_secs(1));
        let reason = |reason: &str| Some(reason.to_owned());
        for (path, left, code, told) in [
            ("/t.T/Asks", second, Code::Unauthenticated, reason("TOKEN_INVALID")),
            ("/t.T/Broken", second, Code::Internal, reason("INTERNAL")),
            ("/t.T/Slow", second, Code::DeadlineExceeded, reason("DEADLINE_EXCEEDED")),
            (
                "/t.T/Broken",
                Duration::from_millis(4),
                Code::DeadlineExceeded,
                reason("DEADLINE_EXCEEDED"),
            ),
        ] {
            assert_eq!(refusal(&here, path, left).await, (code, told), "{path} {left:?}");
        }
        assert!(refusal(&here, "/t.T/Left", second).now_or_never().is_none());
        let counted = kit_base::metrics::text();
        for (method, code) in [
            ("t.T/Asks", "UNAUTHENTICATED"),
            ("t.T/Broken", "INTERNAL"),
            ("t.T/Slow", "DEADLINE_EXCEEDED"),
            ("t.T/Left", "CANCELLED"),
        ] {
            let line = format!(
                "rpc_method=\"{method}\",rpc_status_code=\"{code}\",rpc_system_name=\"grpc\"}} 1"
            );
            let is_told = |told: &str| told.starts_with("rpc_server_") && told.ends_with(&line);
            assert!(counted.lines().any(is_told), "{method} {code} in {counted}");
        }
    }

    #[tokio::test]
    async fn a_service_is_found_by_its_type_and_by_the_channel_of_its_own_process_alone() {
        let (_, channel) = layers::server(crate::Services::default(), None);
        assert!(channel.here::<u8>().is_none());
        let channel = channel.with_here(here());
        let (_, known) = channel.here::<u8>().unwrap();
        assert_eq!(*known, 7);
        let away =
            channel::remote("things", "http://127.0.0.1:9", None, channel::Limits::default());
        assert!(away.unwrap().here::<u8>().is_none());
    }
}
