//! What a log line looks like, whatever is put into it.
use std::time::Duration;

use kit_base::{
    request::{self, RequestContext, TraceContext},
    testing::Output,
};
use kit_process::telemetry::{JsonLines, Writer};
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

/// The lines that `log` writes.
fn lines(log: impl FnOnce()) -> Vec<String> {
    let output = Output::default();
    let writer = Writer::start(output.clone()).unwrap();
    let subscriber = tracing_subscriber::registry().with(JsonLines::new("test", writer.clone()));
    tracing::subscriber::with_default(subscriber, log);
    writer.flush(Duration::from_secs(5));
    let text = output.text();
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

/// The only line of `log`, as a reader has it.
fn record(log: impl FnOnce()) -> Value {
    let lines = lines(log);
    assert_eq!(lines.len(), 1, "{lines:?}");
    serde_json::from_str(&lines[0]).unwrap()
}

#[test]
fn fields_keep_their_types_and_cannot_pose_as_the_lines_own() {
    let record = record(|| {
        tracing::warn!(
            target: "kit::test", count = 3, below = -1, ratio = 0.5, none = f64::NAN, yes = true, debug = ?Some("x"), shown = %7,
            level = "forged", service = "forged", trace_id = "forged", r#type = "t", "said"
        );
    });
    for (field, value) in [
        ("target", json!("kit::test")),
        ("message", json!("said")),
        ("count", json!(3)),
        ("below", json!(-1)),
        ("ratio", json!(0.5)),
        ("none", json!("NaN")),
        ("yes", json!(true)),
        ("debug", json!("Some(\"x\")")),
        ("shown", json!("7")),
        ("type", json!("t")),
        ("level", json!("warn")),
        ("level_", json!("forged")),
        ("service", json!("test")),
        ("service_", json!("forged")),
        ("trace_id_", json!("forged")),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
    assert!(record["timestamp"].as_str().unwrap().parse::<kit_base::Timestamp>().is_ok());
    for field in ["request_id", "trace_id"] {
        assert!(record.get(field).is_none(), "it belongs to no request");
    }
}

#[test]
fn a_value_is_cut_before_the_line_is() {
    for (text, kept) in [
        ("x".repeat(4096), "x".repeat(4096)),
        ("x".repeat(4097), "x".repeat(4096) + "…"),
        ("ä".repeat(5000), "ä".repeat(4096) + "…"),
        ("\n".repeat(5000), "\n".repeat(4096) + "…"),
    ] {
        let record = record(|| tracing::info!(text, "said"));
        assert!(record["text"] == kept.as_str(), "{} characters", text.chars().count());
        assert_eq!(record["message"], "said", "what follows is not lost");
    }
}

#[test]
fn a_line_names_the_request_that_it_belongs_to() {
    let trace = TraceContext::random(true);
    let record = record(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
            let context = RequestContext { request_id: "abc".into(), trace, deadline };
            request::scope(context, async { tracing::info!("inside") }).await;
        });
    });
    assert_eq!(record["request_id"], "abc");
    assert_eq!(record["trace_id"], trace.trace_id_hex());
    assert_eq!(record["span_id"], trace.span_id_hex());
}
