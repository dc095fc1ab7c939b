//! An event as one line of JSON, under the names of OpenTelemetry's log model or of ECS.
use std::{
    cell::Cell,
    fmt::{self, Write as _},
    io::Write as _,
};

use serde::Serialize;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

use super::{
    Writer,
    escaped::Escaped,
    names::{Convention, Value},
};
use kit_base::{clock::Clock, request};

/// Writes each event as one line of JSON, with the ids of the request that it belongs to.
#[derive(Debug)]
pub struct JsonLines {
    convention: &'static Convention,
    /// How each line ends: who tells.
    end: Vec<u8>,
    writer: Writer,
}

impl JsonLines {
    /// Lines of `service`, of the commit `revision`, for `writer`.
    pub fn new(
        service: &'static str,
        revision: &str,
        convention: &'static Convention,
        writer: Writer,
    ) -> Self {
        let mut end = vec![];
        let mut object = Object { line: &mut end, body: &mut vec![], convention, is_answer: false };
        let version = env!("CARGO_PKG_VERSION");
        let told = [service, version, revision];
        convention.resource.iter().zip(told).for_each(|(name, value)| object.text(name, value));
        // Inside of an object of its own, the first has nothing before it.
        let inner = end.strip_prefix(b",").unwrap_or_default();
        let end = [convention.before_resource, inner, convention.after_resource, b"}\n"].concat();
        Self { convention, end, writer }
    }
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        thread_local!(static LINE: Cell<[Vec<u8>; 2]> = const { Cell::new([vec![], vec![]]) });
        // Taken, not borrowed: a value may log something while it is printed.
        let [mut line, mut body] = LINE.take();
        line.clear();
        body.clear();
        write_line(&mut line, &mut body, self, event);
        self.writer.push(&line);
        LINE.set([line, body]);
    }
}

fn write_line(line: &mut Vec<u8>, body: &mut Vec<u8>, lines: &JsonLines, event: &Event<'_>) {
    let (convention, metadata) = (lines.convention, event.metadata());
    write!(line, "{{\"{}\":\"{}\"", convention.timestamp, Clock::system().now()).expect(INFALLIBLE);
    line.extend_from_slice(convention.severity(*metadata.level()));
    let is_answer = metadata.target().ends_with("::access");
    let mut object = Object { line, body, convention, is_answer };
    request::with_current(|context| {
        object.text(convention.trace_id, &context.trace.trace_id_hex());
        object.text(convention.span_id, &context.trace.span_id_hex());
    });
    object.line.extend_from_slice(convention.before_attributes);
    object.first_text(convention.target, metadata.target());
    request::with_current(|context| object.text(convention.request_id, &context.request_id));
    event.record(&mut object);
    line.extend_from_slice(convention.after_attributes);
    line.extend_from_slice(body);
    line.extend_from_slice(&lines.end);
}

const INFALLIBLE: &str = "a vector takes all";

/// The object that is being written; it is open. What the event says in words is kept apart, since it stands elsewhere.
struct Object<'a> {
    line: &'a mut Vec<u8>,
    body: &'a mut Vec<u8>,
    convention: &'static Convention,
    /// Whether it tells of a request that was answered, whose fields have names of their own.
    is_answer: bool,
}

impl Object<'_> {
    fn text(&mut self, name: &str, value: &str) {
        self.line.push(b',');
        self.first_text(name, value);
    }

    fn first_text(&mut self, name: &str, value: &str) {
        key(self.line, "", name);
        quoted(self.line, |text| text.write_str(value));
    }

    /// Begins a field; gives where its value is to be written, and how.
    fn field(&mut self, field: &Field) -> (&mut Vec<u8>, Value) {
        let name = field.name().trim_start_matches("r#");
        if name == "message" {
            self.body.push(b',');
            key(self.body, "", self.convention.body);
            return (self.body, Value::AsItIs);
        }
        self.line.push(b',');
        let value = match self.convention.attribute(name, self.is_answer) {
            Some((known, value)) => {
                key(self.line, "", known);
                value
            }
            // No name of a convention begins so: none of ours can pose as one of those.
            None => {
                key(self.line, "errand.", name);
                Value::AsItIs
            }
        };
        (self.line, value)
    }

    fn plain(&mut self, field: &Field, value: impl Serialize) {
        let (line, _) = self.field(field);
        serde_json::to_writer(line, &value).expect(INFALLIBLE);
    }
}

fn key(line: &mut Vec<u8>, prefix: &str, name: &str) {
    quoted(line, |text| text.write_str(prefix).and_then(|()| text.write_str(name)));
    line.push(b':');
}

fn quoted(line: &mut Vec<u8>, write: impl FnOnce(&mut Escaped<'_>) -> fmt::Result) {
    line.push(b'"');
    // A value that cannot be printed is shown as far as it got.
    _ = write(&mut Escaped::new(line));
    line.push(b'"');
}

impl Visit for Object<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let (line, _) = self.field(field);
        quoted(line, |text| write!(text, "{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let (line, _) = self.field(field);
        quoted(line, |text| text.write_str(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for what is not a number.
        if !value.is_finite() {
            return self.record_debug(field, &value);
        }
        let (line, written) = self.field(field);
        match written {
            Value::AsItIs => serde_json::to_writer(line, &value).expect(INFALLIBLE),
            Value::Nanoseconds => write!(line, "{:.0}", value * 1e6).expect(INFALLIBLE),
        }
    }
}
