use std::{
    borrow::Cow,
    cell::Cell,
    fmt::{self, Write as _},
    io::Write as _,
};

use serde::Serialize;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

use super::Writer;
use kit_base::{clock::Clock, request};

/// Characters of one value: a line stays below the 16 KiB at which container runtimes cut it.
const LONGEST_VALUE: usize = 4096;

/// Names that the line itself uses; a field of such a name gets a line below it.
const RESERVED: [&str; 8] =
    ["timestamp", "level", "target", "service", "version", "trace_id", "span_id", "request_id"];

/// Writes each event as one line of JSON, with the ids of the request that it belongs to.
#[derive(Debug)]
pub struct JsonLines {
    service: &'static str,
    writer: Writer,
}

impl JsonLines {
    /// Lines of `service`, for `writer`.
    pub fn new(service: &'static str, writer: Writer) -> Self {
        Self { service, writer }
    }
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        thread_local!(static LINE: Cell<Vec<u8>> = const { Cell::new(vec![]) });
        // Taken, not borrowed: a value may log something while it is printed.
        let mut line = LINE.take();
        line.clear();
        write_line(&mut line, self.service, event);
        self.writer.push(&line);
        LINE.set(line);
    }
}

fn write_line(line: &mut Vec<u8>, service: &str, event: &Event<'_>) {
    let metadata = event.metadata();
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    write!(line, "{{\"timestamp\":\"{}\"", Clock::system().now()).expect(INFALLIBLE);
    let mut object = Object(line);
    object.text("level", level);
    object.text("target", metadata.target());
    event.record(&mut object);
    request::with_current(|context| {
        object.text("trace_id", &context.trace.trace_id_hex());
        object.text("span_id", &context.trace.span_id_hex());
        object.text("request_id", &context.request_id);
    });
    object.text("service", service);
    object.text("version", env!("CARGO_PKG_VERSION"));
    line.extend_from_slice(b"}\n");
}

const INFALLIBLE: &str = "a vector takes all";

/// The object that is being written; it is open, and not empty.
struct Object<'a>(&'a mut Vec<u8>);

impl Object<'_> {
    fn text(&mut self, name: &str, value: &str) {
        self.key(name, "");
        self.quoted(|text| text.write_str(value));
    }

    fn key(&mut self, name: &str, suffix: &str) {
        self.0.push(b',');
        self.quoted(|text| text.write_str(name).and_then(|()| text.write_str(suffix)));
        self.0.push(b':');
    }

    fn quoted(&mut self, write: impl FnOnce(&mut Escaped<'_>) -> fmt::Result) {
        self.0.push(b'"');
        // A value that cannot be printed is shown as far as it got.
        _ = write(&mut Escaped { line: self.0, left: LONGEST_VALUE });
        self.0.push(b'"');
    }

    fn field(&mut self, field: &Field) {
        let name = field.name().trim_start_matches("r#");
        self.key(name, if RESERVED.contains(&name) { "_" } else { "" });
    }

    fn plain(&mut self, field: &Field, value: impl Serialize) {
        self.field(field);
        serde_json::to_writer(&mut *self.0, &value).expect(INFALLIBLE);
    }
}

impl Visit for Object<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field);
        self.quoted(|text| write!(text, "{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field);
        self.quoted(|text| text.write_str(value));
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
        if value.is_finite() { self.plain(field, value) } else { self.record_debug(field, &value) }
    }
}

/// Writes text into a JSON string so that it stays one line in every reader.
struct Escaped<'a> {
    line: &'a mut Vec<u8>,
    left: usize,
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // As a rule there is nothing to escape.
        let plain = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        // Looks at all of them, which takes less time than to stop at the first.
        if text.len() <= self.left && text.bytes().fold(true, |all, byte| all & plain(byte)) {
            self.left -= text.len();
            self.line.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        let mut plain_from = 0;
        for (position, character) in text.char_indices() {
            if self.left == 0 {
                self.line.extend_from_slice(&text.as_bytes()[plain_from..position]);
                self.line.extend_from_slice("…".as_bytes());
                return Err(fmt::Error);
            }
            self.left -= 1;
            if let Some(escape) = escape(character) {
                self.line.extend_from_slice(&text.as_bytes()[plain_from..position]);
                self.line.extend_from_slice(escape.as_bytes());
                plain_from = position + character.len_utf8();
            }
        }
        self.line.extend_from_slice(&text.as_bytes()[plain_from..]);
        Ok(())
    }
}

/// How a character is written that may not stand in a line as it is.
fn escape(character: char) -> Option<Cow<'static, str>> {
    match character {
        '"' => Some("\\\"".into()),
        '\\' => Some("\\\\".into()),
        '\n' => Some("\\n".into()),
        '\r' => Some("\\r".into()),
        '\t' => Some("\\t".into()),
        _ if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => {
            Some(format!("\\u{:04x}", u32::from(character)).into())
        }
        _ => None,
    }
}
