//! Steps of a trace: always an id for logs and peers, and a span where traces are exported.
use std::sync::OnceLock;

use http::{Method, StatusCode};
use opentelemetry::{
    Context, KeyValue,
    trace::{
        Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags,
        TraceId, TraceState, Tracer as _,
    },
};
use opentelemetry_sdk::trace::{SdkTracer, Span};
use tonic::Code;

use kit_base::{chance, request::TraceContext};

static TRACER: OnceLock<SdkTracer> = OnceLock::new();
/// The part of new traces that is exported.
static RATIO: OnceLock<f64> = OnceLock::new();

/// Which side of a call a step is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It answers.
    Server,
    /// It asks.
    Client,
}

/// A step of a trace that is under way.
#[derive(Debug)]
pub struct Step {
    trace: TraceContext,
    span: Option<Box<Span>>,
}

/// From now on steps are exported: this part of the traces that begin here, and of those that strangers have begun.
pub fn export_with(tracer: SdkTracer, ratio: f64) {
    _ = RATIO.set(ratio);
    _ = TRACER.set(tracer);
    kit_base::metrics::keep_exemplars();
}

/// The trace of a caller who may say which it is, and not whether it is exported: anybody could have all of theirs be.
pub fn of_stranger(trace: TraceContext) -> TraceContext {
    let ratio = RATIO.get().copied().unwrap_or_default();
    TraceContext { sampled: chance::share() < ratio, ..trace }
}

/// Begins a step: of the caller's trace, whose decision to export is kept, or of a new one.
pub fn begin(kind: Kind, name: &str, parent: Option<TraceContext>) -> Step {
    match (TRACER.get(), parent) {
        (Some(tracer), None) => exported(tracer, kind, name, &Context::new()),
        (Some(tracer), Some(parent)) if parent.sampled => {
            exported(tracer, kind, name, &remote(parent))
        }
        (_, Some(parent)) => Step { trace: parent.child(), span: None },
        (None, None) => Step { trace: TraceContext::random(false), span: None },
    }
}

fn exported(tracer: &SdkTracer, kind: Kind, name: &str, parent: &Context) -> Step {
    let kind = match kind {
        Kind::Server => SpanKind::Server,
        Kind::Client => SpanKind::Client,
    };
    let span =
        tracer.build_with_context(tracer.span_builder(name.to_owned()).with_kind(kind), parent);
    let context = span.span_context();
    let (trace_id, span_id) = (context.trace_id().to_bytes(), context.span_id().to_bytes());
    let trace = TraceContext { trace_id, span_id, sampled: context.is_sampled() };
    Step { trace, span: span.is_recording().then(|| Box::new(span)) }
}

fn remote(TraceContext { trace_id, span_id, sampled }: TraceContext) -> Context {
    let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let (trace_id, span_id) = (TraceId::from_bytes(trace_id), SpanId::from_bytes(span_id));
    Context::new().with_remote_span_context(SpanContext::new(
        trace_id,
        span_id,
        flags,
        true,
        TraceState::NONE,
    ))
}

impl Step {
    /// Where the trace stands now: for the request's context, logs and peers.
    pub fn trace(&self) -> TraceContext {
        self.trace
    }

    /// Ends the step of a gRPC call.
    pub fn end_rpc(self, method: &str, code: Code) {
        self.end(code != Code::Ok, || {
            let method = KeyValue::new("rpc.method", method.to_owned());
            let code = KeyValue::new("rpc.response.status_code", i64::from(i32::from(code)));
            vec![KeyValue::new("rpc.system.name", "grpc"), method, code]
        });
    }

    /// Ends the step of an HTTP request. `route` is the template; empty when no route matched.
    pub fn end_http(self, method: &Method, route: &str, status: StatusCode) {
        self.end(status.is_server_error(), || {
            let method = KeyValue::new("http.request.method", method.as_str().to_owned());
            let route = KeyValue::new("http.route", route.to_owned());
            vec![
                method,
                route,
                KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
            ]
        });
    }

    fn end(self, failed: bool, attributes: impl FnOnce() -> Vec<KeyValue>) {
        if let Some(mut span) = self.span {
            span.set_attributes(attributes());
            if failed {
                span.set_status(Status::error(""));
            }
            span.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_exported_a_step_still_has_a_name_in_its_callers_trace() {
        for sampled in [true, false] {
            let caller = TraceContext::random(sampled);
            let step = begin(Kind::Server, "/v1/tasks", Some(caller)).trace();
            assert_eq!((step.trace_id, step.sampled), (caller.trace_id, sampled));
            assert_ne!(step.span_id, caller.span_id);
        }
        let [one, other] = [(); 2].map(|()| begin(Kind::Client, "/v1/tasks", None).trace());
        assert!(one.trace_id != other.trace_id && !one.sampled, "nobody has asked to export it");
    }

    #[test]
    fn a_stranger_names_the_trace_and_does_not_decide_that_it_is_exported() {
        let trace = TraceContext::random(true);
        let taken = of_stranger(trace);
        assert_eq!(
            (taken.trace_id, taken.span_id, taken.sampled),
            (trace.trace_id, trace.span_id, false)
        );
    }

    #[test]
    fn a_callers_place_in_a_trace_is_taken_over_whole() {
        for sampled in [true, false] {
            let caller = TraceContext::random(sampled);
            let taken = remote(caller);
            let context = taken.span().span_context().clone();
            assert_eq!(context.trace_id().to_bytes(), caller.trace_id);
            assert_eq!(context.span_id().to_bytes(), caller.span_id);
            assert_eq!((context.is_sampled(), context.is_remote()), (sampled, true));
        }
    }
}
