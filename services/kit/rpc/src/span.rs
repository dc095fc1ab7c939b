//! Steps of a trace: always an id for logs and peers, and a span where traces are exported. See
//! docs/adr/0015-which-trace-is-kept-is-decided-at-its-end.md.
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use http::{HeaderMap, Method, StatusCode};
use tonic::Code;

use kit_base::{
    Clock, chance,
    method::{METHODS, index},
    ration::Ration,
    request::{self, RequestContext},
    steps::{self, Attributes, Kind, Steps, Value},
    trace::TraceContext,
    underway::{self, Underway},
};

use crate::metrics;

static EXPORT: OnceLock<Export> = OnceLock::new();

/// Requests that nobody has chosen, and that are exported for what came of them, a second: when all fail, some hundreds show why.
const REMARKABLE_A_SECOND: u32 = 100;
/// No job is ended by this; calls to others have deadlines of their own.
const LONGEST_JOB: Duration = Duration::from_secs(24 * 3600);
static REMARKABLE: Ration = Ration::new(REMARKABLE_A_SECOND);

/// What is exported, and to where.
pub struct Export {
    /// The part of the traces that begin here, and of those that strangers have begun.
    pub ratio: f64,
    /// What takes so long is exported in any case, as is what fails.
    pub slow: Duration,
    /// Takes the steps of a request. It must not wait.
    pub send: Box<dyn Fn(Vec<steps::Step>) + Send + Sync>,
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ratio, slow, send: _ } = self;
        f.debug_struct("Export").field("ratio", ratio).field("slow", slow).finish_non_exhaustive()
    }
}

/// From now on steps are exported.
pub fn export_with(export: Export) {
    _ = EXPORT.set(export);
    kit_base::metrics::keep_exemplars();
}

/// The trace of a caller who may say which it is, and not whether it is exported: anybody could have all of theirs be.
pub fn of_stranger(trace: TraceContext) -> TraceContext {
    TraceContext { sampled: is_chosen(), ..trace }
}

fn is_chosen() -> bool {
    EXPORT.get().is_some_and(|export| chance::share() < export.ratio)
}

/// A step of a trace that is under way.
#[derive(Debug)]
pub struct Step {
    trace: TraceContext,
    parent: Option<[u8; 8]>,
    began: Instant,
    /// None where nothing is exported, and nobody may ask what is worked on.
    steps: Option<Steps>,
    _underway: Option<Underway>,
    stands: Stands,
    /// Whether it may take its time: then it is not remarkable that it does.
    may_last: bool,
}

/// Where a step stands, by which it is exported or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// It answers another process.
    Outermost,
    /// It is a part of another step of this process, with which it is exported.
    Within,
    /// No request has asked for it.
    Alone,
}

/// Begins a step that another process has asked for: of the caller's trace, whose decision to export is kept, or of a new one.
pub fn begin(parent: Option<TraceContext>) -> Step {
    let trace = parent.map_or_else(|| TraceContext::random(is_chosen()), |trace| trace.child());
    let is_noted = EXPORT.get().is_some() || underway::is_kept();
    let steps = is_noted.then(Steps::default);
    let (parent, stands) = (parent.map(|trace| trace.span_id), Stands::Outermost);
    let began = Instant::now();
    Step { trace, parent, began, steps, _underway: None, stands, may_last: false }
}

/// Begins a step of one of this process, to which its own steps go.
pub fn begin_within(parent: TraceContext, steps: Steps) -> Step {
    let (trace, parent) = (parent.child(), Some(parent.span_id));
    let (steps, stands) = (Some(steps), Stands::Within);
    let began = Instant::now();
    Step { trace, parent, began, steps, _underway: None, stands, may_last: false }
}

/// Does what no request has asked for, as a trace of its own.
pub async fn job<T, E>(name: String, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let request_id = request::id(&HeaderMap::new(), &Clock::system());
    let step = Step { stands: Stands::Alone, ..begin(None) };
    let step = step.shown_as(|| name.clone(), &request_id);
    let context = RequestContext {
        request_id,
        trace: step.trace(),
        deadline: tokio::time::Instant::now() + LONGEST_JOB,
        steps: step.steps(),
    };
    let outcome = request::scope(context, work).await;
    step.end(outcome.is_err(), false, || (name, vec![]));
    outcome
}

impl Step {
    /// Where the trace stands now: for the request's context, logs and peers.
    pub fn trace(&self) -> TraceContext {
        self.trace
    }

    /// The same step, which may take its time: a stream, or a poll.
    pub fn that_may_last(self, may_last: bool) -> Self {
        Self { may_last, ..self }
    }

    /// The same step, of which an operator is told while it is under way; its steps within are parts of it.
    pub fn shown_as(self, what: impl FnOnce() -> String, request_id: &Arc<str>) -> Self {
        let is_part = self.stands == Stands::Within;
        let steps = self.steps.as_ref().filter(|_| !is_part);
        Self { _underway: underway::begin(what, request_id, self.trace, steps), ..self }
    }

    /// Where what is done in this step is noted.
    pub fn steps(&self) -> Option<Steps> {
        self.steps.clone()
    }

    /// Ends the step of a gRPC call, and gives its place in the trace with whether that is exported.
    pub fn end_rpc(self, method: &str, code: Code) -> TraceContext {
        let method = metrics::method_of(method, code);
        self.end(is_fault(code), code == Code::Unavailable, || {
            let said = Value::Text(method.to_owned().into());
            let code = Value::Number(i64::from(i32::from(code)));
            let system = ("rpc.system.name", Value::Text("grpc".into()));
            let method = method.to_owned();
            (method, vec![system, ("rpc.method", said), ("rpc.response.status_code", code)])
        })
    }

    /// The same of an HTTP request. `route` is the template; empty when no route matched.
    pub fn end_http(self, method: &Method, route: &str, status: StatusCode) -> TraceContext {
        let is_refusal = status == StatusCode::SERVICE_UNAVAILABLE;
        self.end(status.is_server_error(), is_refusal, || {
            let method = METHODS[index(method)];
            let name = format!("{method} {route}").trim_end().to_owned();
            let method = Value::Text(method.into());
            let status = Value::Number(i64::from(status.as_u16()));
            let mut attributes =
                vec![("http.request.method", method), ("http.response.status_code", status)];
            if !route.is_empty() {
                attributes.push(("http.route", Value::Text(route.to_owned().into())));
            }
            (name, attributes)
        })
    }

    /// `is_refusal`: it failed, and may have done so before anything was done for it, which shows nothing.
    fn end(
        self,
        failed: bool,
        is_refusal: bool,
        said: impl FnOnce() -> (String, Attributes),
    ) -> TraceContext {
        let Self { trace, parent, began, steps, _underway: _, stands, may_last } = self;
        let (Some(steps), Some(export)) = (steps, EXPORT.get()) else { return trace };
        let took = began.elapsed();
        let step = || {
            let (name, attributes) = said();
            let kind = if stands == Stands::Outermost { Kind::Server } else { Kind::Internal };
            steps::Step { kind, name: name.into(), trace, parent, began, took, failed, attributes }
        };
        if stands == Stands::Within {
            steps.note(step());
            return trace;
        }
        let (mut all, left_out) = steps.close();
        let is_told = failed && !(is_refusal && all.is_empty());
        let is_slow = took >= export.slow && !may_last;
        let is_remarkable = || (is_told || is_slow) && REMARKABLE.spend(&Clock::system());
        if !trace.sampled && !is_remarkable() {
            return trace;
        }
        let mut own = step();
        if left_out > 0 {
            own.attributes.push(("errand.steps_left_out", Value::Number(left_out)));
        }
        all.push(own);
        (export.send)(all);
        TraceContext { sampled: true, ..trace }
    }
}

/// Whether a code tells of a fault of the server, but for `UNIMPLEMENTED`, which anybody can have by asking for what there is not.
fn is_fault(code: Code) -> bool {
    code != Code::Unimplemented && metrics::is_server_error(code)
}

#[cfg(test)]
mod tests;
