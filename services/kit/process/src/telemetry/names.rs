//! How the parts of a log line are called: as OpenTelemetry's log data model and semantic conventions say, or as the Elastic Common Schema
//! (8.17) does.
use tracing::Level;

use super::Format;

/// One of the two.
#[derive(Debug)]
pub struct Convention {
    pub(super) timestamp: &'static str,
    pub(super) body: &'static str,
    pub(super) trace_id: &'static str,
    pub(super) span_id: &'static str,
    pub(super) target: &'static str,
    pub(super) request_id: &'static str,
    /// Service, version and commit.
    pub(super) resource: [&'static str; 3],
    /// What stands around the attributes, and around what is said of the service.
    pub(super) before_attributes: &'static [u8],
    pub(super) after_attributes: &'static [u8],
    pub(super) before_resource: &'static [u8],
    pub(super) after_resource: &'static [u8],
    /// By level, from the worst on.
    severities: [&'static str; 5],
    /// Why something failed.
    error: &'static str,
    /// What a field of an answered request is called, and how its value is written.
    attributes: &'static [(&'static str, &'static str, Value)],
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    AsItIs,
    /// Of milliseconds.
    Nanoseconds,
}

/// OpenTelemetry's log data model, <https://opentelemetry.io/docs/specs/otel/logs/data-model/>.
static OPENTELEMETRY: Convention = Convention {
    timestamp: "timestamp",
    body: "body",
    trace_id: "trace_id",
    span_id: "span_id",
    target: "errand.target",
    request_id: "errand.request_id",
    resource: ["service.name", "service.version", "errand.revision"],
    before_attributes: b",\"attributes\":{",
    after_attributes: b"}",
    before_resource: b",\"resource\":{",
    after_resource: b"}",
    severities: [
        r#","severity_text":"ERROR","severity_number":17"#,
        r#","severity_text":"WARN","severity_number":13"#,
        r#","severity_text":"INFO","severity_number":9"#,
        r#","severity_text":"DEBUG","severity_number":5"#,
        r#","severity_text":"TRACE","severity_number":1"#,
    ],
    error: "exception.message",
    attributes: &[
        ("method", "http.request.method", Value::AsItIs),
        ("path", "url.path", Value::AsItIs),
        ("route", "http.route", Value::AsItIs),
        ("status", "http.response.status_code", Value::AsItIs),
        ("client", "client.address", Value::AsItIs),
        ("user_id", "user.id", Value::AsItIs),
    ],
};

/// <https://www.elastic.co/guide/en/ecs/8.17/ecs-field-reference.html>
static ELASTIC: Convention = Convention {
    timestamp: "@timestamp",
    body: "message",
    trace_id: "trace.id",
    span_id: "span.id",
    target: "log.logger",
    request_id: "http.request.id",
    resource: ["service.name", "service.version", "labels.revision"],
    before_attributes: b",",
    after_attributes: b"",
    before_resource: b",",
    after_resource: br#","ecs.version":"8.17""#,
    severities: [
        r#","log.level":"error""#,
        r#","log.level":"warn""#,
        r#","log.level":"info""#,
        r#","log.level":"debug""#,
        r#","log.level":"trace""#,
    ],
    error: "error.message",
    attributes: &[
        ("method", "http.request.method", Value::AsItIs),
        ("path", "url.path", Value::AsItIs),
        ("route", "labels.route", Value::AsItIs),
        ("status", "http.response.status_code", Value::AsItIs),
        ("duration_ms", "event.duration", Value::Nanoseconds),
        ("client", "client.ip", Value::AsItIs),
        ("user_id", "user.id", Value::AsItIs),
    ],
};

impl Convention {
    /// What a format writes by; none for people.
    pub fn for_format(format: Format) -> Option<&'static Self> {
        match format {
            Format::Json => Some(&OPENTELEMETRY),
            Format::Ecs => Some(&ELASTIC),
            Format::Pretty => None,
        }
    }

    pub(super) fn severity(&self, level: Level) -> &'static [u8] {
        let place = match level {
            Level::ERROR => 0,
            Level::WARN => 1,
            Level::INFO => 2,
            Level::DEBUG => 3,
            Level::TRACE => 4,
        };
        self.severities[place].as_bytes()
    }

    /// The name of a field of ours, and how its value is written, where it has one: those of answered requests mean nothing elsewhere.
    pub(super) fn attribute(&self, name: &str, is_answer: bool) -> Option<(&'static str, Value)> {
        if name == "error" {
            return Some((self.error, Value::AsItIs));
        }
        let found = self.attributes.iter().find(|(ours, ..)| is_answer && *ours == name);
        found.map(|(_, theirs, value)| (*theirs, *value))
    }
}
