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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Output(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `work` logs.
    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let output = Output::default();
        let writer = Writer::start(output.clone()).unwrap();
        let layer = JsonLines::new("tested", writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        writer.flush(std::time::Duration::from_secs(5));
        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    #[test]
    fn a_line_is_json_whatever_is_logged() {
        let odd = "a \"quote\"\\ \n\r\t\u{1}\u{7f}\u{85}\u{2028} „ä“ 🦀";
        let lines = logged(|| {
            tracing::info!(target: "there", text = odd, count = 7, below = -1, share = 0.5, good = true, "said");
            tracing::warn!(nothing = f64::NAN, debug = ?Some("x"), shown = %7, "{odd}");
        });
        let [first, second] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(first["text"], odd);
        for (field, value) in [
            ("level", json!("info")),
            ("target", json!("there")),
            ("message", json!("said")),
            ("count", json!(7)),
            ("below", json!(-1)),
            ("share", json!(0.5)),
            ("good", json!(true)),
            ("service", json!("tested")),
        ] {
            assert_eq!(first[field], value, "{field}");
        }
        assert!(first["timestamp"].as_str().unwrap().parse::<kit_base::Timestamp>().is_ok());
        assert!(first["trace_id"].is_null(), "it belongs to no request");
        assert_eq!((&second["level"], &second["message"]), (&json!("warn"), &json!(odd)));
        let told = [&second["nothing"], &second["debug"], &second["shown"]];
        assert_eq!(told, [&json!("NaN"), &json!("Some(\"x\")"), &json!("7")]);
    }

    #[test]
    fn a_field_does_not_take_the_place_of_what_the_line_says_itself() {
        let lines = logged(|| {
            tracing::info!(
                service = "forged",
                trace_id = "forged",
                level = "x",
                r#type = "t",
                "said"
            )
        });
        let line = &lines[0];
        assert_eq!((&line["service"], &line["service_"]), (&json!("tested"), &json!("forged")));
        assert_eq!((&line["level"], &line["level_"]), (&json!("info"), &json!("x")));
        assert_eq!((&line["trace_id_"], &line["type"]), (&json!("forged"), &json!("t")));
    }

    #[test]
    fn a_value_is_cut_before_the_line_is() {
        for (text, kept) in [
            ("x".repeat(LONGEST_VALUE), "x".repeat(LONGEST_VALUE)),
            ("x".repeat(LONGEST_VALUE + 1), "x".repeat(LONGEST_VALUE) + "…"),
            ("ä".repeat(2 * LONGEST_VALUE), "ä".repeat(LONGEST_VALUE) + "…"),
            ("\n".repeat(2 * LONGEST_VALUE), "\n".repeat(LONGEST_VALUE) + "…"),
        ] {
            let lines = logged(|| tracing::info!(text, "said"));
            assert!(lines[0]["text"] == kept.as_str(), "{} characters", text.chars().count());
            assert_eq!(lines[0]["message"], "said", "what follows is not lost");
        }
    }

    #[tokio::test]
    async fn a_line_names_the_request_that_it_belongs_to() {
        let trace = request::TraceContext::random(true);
        let deadline = tokio::time::Instant::now();
        let context = request::RequestContext { request_id: "r-1".into(), trace, deadline };
        let lines = request::scope(context, async { logged(|| tracing::error!("said")) }).await;
        assert_eq!(lines[0]["request_id"], "r-1");
        assert_eq!(lines[0]["trace_id"], trace.trace_id_hex().as_str());
        assert_eq!(lines[0]["span_id"], trace.span_id_hex().as_str());
    }
}
