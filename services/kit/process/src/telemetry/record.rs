use std::{
    cell::Cell,
    fmt::{self, Write as _},
};

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
        thread_local!(static LINE: Cell<String> = const { Cell::new(String::new()) });
        // Taken, not borrowed: a value may log something while it is printed.
        let mut line = LINE.take();
        line.clear();
        write_line(&mut line, self.service, event);
        self.writer.push(line.as_bytes());
        LINE.set(line);
    }
}

fn write_line(line: &mut String, service: &str, event: &Event<'_>) {
    let metadata = event.metadata();
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    line.push_str("{\"timestamp\":\"");
    write!(line, "{}\",\"level\":\"{level}\"", Clock::system().now()).expect(INFALLIBLE);
    let mut object = Object(line);
    object.text("target", metadata.target());
    event.record(&mut object);
    request::with_current(|context| {
        object.text("trace_id", &context.trace.trace_id_hex());
        object.text("span_id", &context.trace.span_id_hex());
        object.text("request_id", &context.request_id);
    });
    object.text("service", service);
    object.text("version", env!("CARGO_PKG_VERSION"));
    line.push_str("}\n");
}

const INFALLIBLE: &str = "a string takes any text";

/// The object that is being written; it is open, and not empty.
struct Object<'a>(&'a mut String);

impl Object<'_> {
    fn text(&mut self, name: &str, value: &str) {
        self.key(name, "");
        self.value(format_args!("{value}"));
    }

    fn key(&mut self, name: &str, suffix: &str) {
        self.0.push_str(",\"");
        Escaped { line: self.0, left: LONGEST_VALUE }.write_str(name).expect(INFALLIBLE);
        self.0.push_str(suffix);
        self.0.push_str("\":");
    }

    fn value(&mut self, value: fmt::Arguments<'_>) {
        self.0.push('"');
        let mut text = Escaped { line: self.0, left: LONGEST_VALUE };
        // A value that cannot be printed is shown as far as it got.
        _ = text.write_fmt(value);
        self.0.push('"');
    }

    fn field(&mut self, field: &Field) {
        let name = field.name().trim_start_matches("r#");
        self.key(name, if RESERVED.contains(&name) { "_" } else { "" });
    }

    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.field(field);
        write!(self.0, "{value}").expect(INFALLIBLE);
    }
}

impl Visit for Object<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field);
        self.value(format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field);
        self.value(format_args!("{value}"));
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
    line: &'a mut String,
    left: usize,
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // As a rule there is nothing to escape.
        let plain = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        if text.len() <= self.left && text.bytes().all(plain) {
            self.left -= text.len();
            self.line.push_str(text);
            return Ok(());
        }
        let mut plain_from = 0;
        for (position, character) in text.char_indices() {
            let escape = match character {
                _ if self.left == 0 => {
                    self.line.push_str(&text[plain_from..position]);
                    self.line.push('…');
                    return Err(fmt::Error);
                }
                '"' => Some("\\\""),
                '\\' => Some("\\\\"),
                '\n' => Some("\\n"),
                '\r' => Some("\\r"),
                '\t' => Some("\\t"),
                '\u{2028}' | '\u{2029}' => None,
                character if character.is_control() => None,
                _ => {
                    self.left -= 1;
                    continue;
                }
            };
            self.left -= 1;
            self.line.push_str(&text[plain_from..position]);
            match escape {
                Some(escape) => self.line.push_str(escape),
                None => write!(self.line, "\\u{:04x}", u32::from(character)).expect(INFALLIBLE),
            }
            plain_from = position + character.len_utf8();
        }
        self.line.push_str(&text[plain_from..]);
        Ok(())
    }
}
