use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time};

use axum::body::Body;
use futures_util::FutureExt as _;
use http::{HeaderMap, Response};
use kit_base::{
    clock::Clock,
    error::refuse,
    request::{self, RequestContext},
    steps::Steps,
    switches,
    trace::TraceContext,
};
use tokio::time::{Duration, Instant, timeout_at};
use tonic::{Code, Status};

use super::deadline;
use crate::{channel::code, metrics, span};

/// Whose caller waits longer than this has asked for what is to come.
const LASTING: Duration = Duration::from_secs(15);

/// What a call brings along.
pub(crate) struct Arrival {
    pub(crate) request_id: Arc<str>,
    /// The step of its caller, of whose trace it is a part.
    pub(crate) parent: Option<TraceContext>,
    /// Where its caller notes what it does, if that is of this process.
    pub(crate) steps: Option<Steps>,
    /// How long its caller waits; none when nobody can tell.
    pub(crate) timeout: Option<Duration>,
}

impl Arrival {
    /// As the metadata of a call from another process says.
    pub(super) fn of_stranger(headers: &HeaderMap) -> Self {
        Self {
            request_id: request::id(headers, &Clock::system()),
            parent: TraceContext::from_headers(headers),
            steps: None,
            timeout: deadline::timeout(headers),
        }
    }
}

/// What a call is answered with, by either way.
pub(crate) trait Answer {
    /// A refusal.
    fn refused(status: Status) -> Self;
    /// How it went.
    fn code(&self) -> Code;
}

impl Answer for Response<Body> {
    fn refused(status: Status) -> Self {
        status.into_http()
    }

    fn code(&self) -> Code {
        code(self.headers())
    }
}

impl<M> Answer for Result<tonic::Response<M>, Status> {
    fn refused(status: Status) -> Self {
        Err(status)
    }

    fn code(&self) -> Code {
        self.as_ref().map_or_else(Status::code, |_| Code::Ok)
    }
}

/// Works on a call as part of the request that it belongs to, and counts and times it by its method and code; `path` is
/// `/package.Service/Method`.
pub(crate) async fn answered<A: Answer, F: Future<Output = A>>(
    path: &str,
    Arrival { request_id, parent, steps, timeout }: Arrival,
    work: impl FnOnce() -> F,
) -> A {
    let began = time::Instant::now();
    let Some(timeout) = timeout else {
        let form = "grpc-timeout is up to eight digits and a unit";
        metrics::rpc_served(metrics::UNKNOWN, Code::InvalidArgument, (began.elapsed(), None));
        return A::refused(refuse(Code::InvalidArgument, "INVALID_DEADLINE", form));
    };
    let step = match (parent, steps) {
        (Some(parent), Some(steps)) => span::begin_within(parent, steps),
        (parent, _) => span::begin(parent),
    };
    let step = step.that_may_last(timeout > LASTING);
    let step = step.shown_as(|| path.trim_start_matches('/').to_owned(), &request_id);
    let (trace, steps) = (step.trace(), step.steps());
    // Outermost: what is refused below is counted, too.
    let mut call = Call { began, path, step: Some(step) };
    // Nobody waits for a late answer: work that cannot be done in time is not begun, or dropped.
    if timeout < deadline::LEAST {
        call.count(metrics::UNKNOWN, Code::DeadlineExceeded);
        return A::refused(deadline::late("there is no time left for this call"));
    }
    let deadline = Instant::now() + timeout;
    let context = RequestContext { request_id, trace, deadline, steps };
    // One broken call must not take down the connection that carries a hundred others, nor tell how it broke: its text is in the log, from
    // the panic hook. A stream's answer is its head: what it sends later is not cut.
    let work = AssertUnwindSafe(worked(path, work)).catch_unwind();
    let answer = match request::scope(context, timeout_at(deadline, work)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => {
            A::refused(refuse(Code::Internal, "INTERNAL", "something went wrong on our side"))
        }
        Err(_) => A::refused(deadline::late("the call took longer than its caller waits")),
    };
    call.count(path, answer.code());
    answer
}

/// What the call comes to, or the fault that an operator has switched for its method.
async fn worked<A: Answer, F: Future<Output = A>>(path: &str, work: impl FnOnce() -> F) -> A {
    match switches::strike(|| method_of(path)).await {
        None => work().await,
        Some(fault) => A::refused(struck(fault)),
    }
}

/// Where faults of a method are switched.
fn method_of(path: &str) -> switches::Place {
    switches::Place::Method(path.trim_start_matches('/').to_owned())
}

/// What a fault looks like that an operator has switched.
fn struck(fault: switches::Kind) -> Status {
    match fault {
        switches::Kind::Abort | switches::Kind::Down => {
            Status::unavailable("the call was broken off")
        }
        _ => refuse(Code::Internal, "INTERNAL", "something went wrong on our side"),
    }
}

/// A call that is being answered.
struct Call<'p> {
    began: time::Instant,
    path: &'p str,
    /// None when it is counted.
    step: Option<span::Step>,
}

impl Call<'_> {
    fn count(&mut self, method: &str, code: Code) {
        let Some(step) = self.step.take() else { return };
        let trace = step.end_rpc(method, code);
        metrics::rpc_served(method, code, (self.began.elapsed(), Some(trace)));
    }
}

/// A call whose caller has gone has an outcome, too. Its method has been found: nothing else is waited for.
impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.count(self.path, Code::Cancelled);
    }
}
