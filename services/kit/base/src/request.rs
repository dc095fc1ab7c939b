//! What travels with a request through all services: its id, its trace, its deadline.
use std::{borrow::Cow, future::Future, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use crate::{
    clock::Clock,
    id,
    steps::{Attributes, Doing, Kind, Steps},
    trace::TraceContext,
};

/// Names the request, to whoever it passes.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// Set by the edge, or by the gRPC server from its caller's metadata; read by logs, the channel to peers, and the journal.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Names the request in every log, in the journal and in problem bodies.
    pub request_id: Arc<str>,
    /// Where the request stands in its trace.
    pub trace: TraceContext,
    /// When the caller stops waiting.
    pub deadline: Instant,
    /// What is done for it, where somebody wants to know.
    pub steps: Option<Steps>,
}

impl RequestContext {
    /// What is left until the deadline; zero when it has passed.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// The caller's name for its request, if nothing in it can break a log or a header; otherwise a new one.
pub fn id(headers: &HeaderMap, clock: &Clock) -> Arc<str> {
    let given = headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    given.filter(harmless).map_or_else(|| id::uuid(clock).to_string().into(), Arc::from)
}

/// The context of the request that this task works on.
pub fn current() -> Option<RequestContext> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Reads the context of this task without a copy.
pub fn with_current<T>(read: impl FnOnce(&RequestContext) -> T) -> Option<T> {
    CURRENT.try_with(read).ok()
}

/// Runs `future` as part of the request that `context` describes.
pub fn scope<F: Future>(context: RequestContext, future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, future)
}

/// The same for a request that there may not be.
pub async fn scope_if_any<F: Future>(context: Option<RequestContext>, future: F) -> F::Output {
    match context {
        Some(context) => scope(context, future).await,
        None => future.await,
    }
}

/// Begins something that is done for the current request, where somebody wants to know: then `said` gives its name and what else there is to
/// say, nothing that a client chose.
pub fn begin(kind: Kind, said: impl FnOnce() -> (Cow<'static, str>, Attributes)) -> Option<Doing> {
    let noted = with_current(|RequestContext { trace, steps, request_id: _, deadline: _ }| {
        Some(Doing::begin(steps.clone()?, *trace, kind, said()))
    });
    noted.flatten()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_request_keeps_the_name_that_can_break_nothing() {
        let longest = "a".repeat(64);
        let named = |name: &str| {
            let headers =
                HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(name).unwrap())]);
            id(&headers, &Clock::system())
        };
        for name in ["a", "Order-17", "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11", &longest] {
            assert_eq!(&*named(name), name);
        }
        for name in ["", "a b", "a_b", "a/b", "a\tb", "a\"b", "{}", &format!("{longest}a")] {
            let made = named(name);
            assert!(uuid::Uuid::try_parse(&made).is_ok(), "{name:?} became {made}");
        }
        assert!(uuid::Uuid::try_parse(&id(&HeaderMap::new(), &Clock::system())).is_ok());
    }

    fn context(id: &str) -> RequestContext {
        let deadline = Instant::now() + Duration::from_secs(5);
        let trace = TraceContext::random(false);
        RequestContext { request_id: id.into(), trace, deadline, steps: None }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_of_a_deadline_never_falls_below_nothing() {
        let context = context("a");
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(context.remaining(), Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(context.remaining(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_request_is_known_to_its_own_work_alone() {
        let name = || with_current(|context| context.request_id.to_string());
        assert!(current().is_none() && name().is_none());
        let told = scope(context("outer"), async {
            let inner = scope(context("inner"), async { name() }).await;
            let spawned = crate::work::spawn(async move { name() }).await.unwrap();
            let detached = crate::work::detach(async move { name() }).await.unwrap();
            (inner, spawned, detached, name())
        });
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(told.await, (some("inner"), some("outer"), None, some("outer")));
    }
}
