//! Steps as the SDK exports them.
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kit_base::{
    Clock,
    steps::{Kind, Step, Value},
};
use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

/// The spans of a request's steps.
pub(super) fn of_steps(steps: Vec<Step>) -> impl Iterator<Item = SpanData> {
    // The steps were measured by a clock that does not leap; what it shows means nothing elsewhere.
    let (now, monotonic) = (now(), Instant::now());
    let at = move |instant: Instant| now - monotonic.saturating_duration_since(instant);
    steps.into_iter().map(move |step| of_step(step, &at))
}

fn now() -> SystemTime {
    let since_epoch = u64::try_from(Clock::system().now().as_microseconds()).unwrap_or_default();
    UNIX_EPOCH + Duration::from_micros(since_epoch)
}

fn of_step(step: Step, at: &impl Fn(Instant) -> SystemTime) -> SpanData {
    let Step { kind, name, trace, parent, began, took, failed, attributes } = step;
    let start_time = at(began);
    let ids = (TraceId::from_bytes(trace.trace_id), SpanId::from_bytes(trace.span_id));
    let span_context = SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, false, TraceState::NONE);
    SpanData {
        span_context,
        parent_span_id: parent.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: parent.is_some() && kind == Kind::Server,
        span_kind: span_kind(kind),
        name,
        start_time,
        end_time: start_time + took,
        attributes: attributes.into_iter().map(|(name, value)| attribute(name, value)).collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: if failed { Status::error("") } else { Status::Unset },
        instrumentation_scope: InstrumentationScope::builder("kit").build(),
    }
}

fn span_kind(kind: Kind) -> SpanKind {
    match kind {
        Kind::Server => SpanKind::Server,
        Kind::Client => SpanKind::Client,
        Kind::Internal => SpanKind::Internal,
    }
}

fn attribute(name: &'static str, value: Value) -> KeyValue {
    match value {
        Value::Text(text) => KeyValue::new(name, text),
        Value::Number(number) => KeyValue::new(name, number),
    }
}

#[cfg(test)]
mod tests {
    use kit_base::trace::TraceContext;

    use super::*;

    #[test]
    fn a_step_is_exported_with_all_that_is_known_of_it() {
        let (trace, outer) = (TraceContext::random(false), TraceContext::random(false));
        let began = Instant::now();
        let step = Step {
            kind: Kind::Server,
            name: "GET /v1/tasks".into(),
            trace,
            parent: Some(outer.span_id),
            began,
            took: Duration::from_millis(20),
            failed: true,
            attributes: vec![
                ("http.route", Value::Text("/v1/tasks".into())),
                ("http.response.status_code", Value::Number(503)),
            ],
        };
        let root = Step { parent: None, kind: Kind::Internal, failed: false, ..step.clone() };
        let spans: Vec<_> = of_steps(vec![step, root]).collect();
        let context = &spans[0].span_context;
        assert_eq!(context.trace_id().to_bytes(), trace.trace_id);
        assert_eq!(context.span_id().to_bytes(), trace.span_id);
        assert!(context.is_sampled(), "the SDK exports nothing else");
        assert_eq!(spans[0].parent_span_id.to_bytes(), outer.span_id);
        assert_eq!(
            (spans[0].parent_span_is_remote, &spans[0].span_kind),
            (true, &SpanKind::Server)
        );
        assert_eq!(spans[0].end_time, spans[0].start_time + Duration::from_millis(20));
        assert!(spans[0].start_time <= now());
        let expected = [
            KeyValue::new("http.route", "/v1/tasks"),
            KeyValue::new("http.response.status_code", 503),
        ];
        assert_eq!(
            (&spans[0].attributes[..], &spans[0].status),
            (&expected[..], &Status::error(""))
        );
        assert_eq!(spans[1].parent_span_id, SpanId::INVALID);
        assert_eq!((spans[1].parent_span_is_remote, &spans[1].status), (false, &Status::Unset));
    }
}
