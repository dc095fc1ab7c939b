//! What a log line looks like, whatever is put into it.
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use kit_base::request::{self, RequestContext, TraceContext};
use kit_process::telemetry::{JsonLines, Writer};
use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt as _;

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

/// The lines that `log` writes.
fn lines(log: impl FnOnce()) -> Vec<String> {
    let output = Output::default();
    let writer = Writer::start(output.clone()).unwrap();
    let subscriber = tracing_subscriber::registry().with(JsonLines::new("test", writer.clone()));
    tracing::subscriber::with_default(subscriber, log);
    writer.flush(Duration::from_secs(5));
    let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
    // Some readers take more than LF for the end of a line.
    assert!(!text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}', '\u{1b}']));
    text.lines().map(str::to_owned).collect()
}

#[test]
fn one_record_is_one_valid_line_whatever_is_in_it() {
    let evil = [
        "\n{\"level\":\"info\",\"message\":\"forged\"}",
        "\r\nforged",
        "\"}\n",
        "\\",
        "\\\"",
        "\u{1b}[31mred\u{7}",
        "\u{2028}\u{2029}\u{85}\u{0}\u{7f}",
        "\u{202e}txet",
        "€😀",
        &"x".repeat(1024 * 1024),
    ];
    for text in evil {
        let lines = lines(|| {
            tracing::info!(text, debug = ?text, shown = %text, "{text}");
        });
        let [line] = lines.as_slice() else { panic!("{} lines of {text:?}", lines.len()) };
        let record: Value = serde_json::from_str(line).unwrap();
        let expected: String = text.chars().take(4096).collect();
        for field in ["text", "shown", "message"] {
            assert!(record[field].as_str().unwrap().starts_with(&expected), "{field} of {line}");
        }
        assert!(line.len() < 32 * 1024);
    }
}

#[test]
fn fields_keep_their_types_and_cannot_pose_as_the_lines_own() {
    let lines = lines(|| {
        tracing::warn!(target: "kit::test", count = 3, ratio = 0.5, none = f64::NAN, yes = true, level = "forged", r#type = "t", "said");
    });
    let record: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        (&record["count"], &record["ratio"], &record["yes"]),
        (&3.into(), &0.5.into(), &true.into())
    );
    assert_eq!((&record["level"], &record["level_"]), (&"warn".into(), &"forged".into()));
    assert_eq!(
        (&record["target"], &record["type"], &record["none"]),
        (&"kit::test".into(), &"t".into(), &"NaN".into())
    );
    assert_eq!((&record["message"], &record["service"]), (&"said".into(), &"test".into()));
    assert!(record.get("request_id").is_none());
}

#[test]
fn a_line_names_the_request_that_it_belongs_to() {
    let trace = TraceContext::random(true);
    let lines = lines(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
            let context = RequestContext { request_id: "abc".into(), trace, deadline };
            request::scope(context, async { tracing::info!("inside") }).await;
        });
    });
    let record: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(record["request_id"], "abc");
    assert_eq!(record["trace_id"], trace.trace_id_hex());
    assert_eq!(record["span_id"], trace.span_id_hex());
}
