//! What a log line looks like, whatever is put into it.
use std::time::Duration;

use kit_base::{
    request::{self, RequestContext},
    testing::Output,
    trace::TraceContext,
};
use kit_process::telemetry::{Convention, Format, JsonLines, Writer};
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

/// The lines that `log` writes in a format.
fn lines(format: Format, log: impl FnOnce()) -> Vec<String> {
    let output = Output::default();
    let writer = Writer::start(output.clone()).unwrap();
    let convention = Convention::for_format(format).expect("one of names");
    let lines = JsonLines::new("test", "abcdef", convention, writer.clone());
    let subscriber = tracing_subscriber::registry().with(lines);
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
        "\n{\"severity_text\":\"INFO\",\"body\":\"forged\"}",
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
        for format in [Format::Json, Format::Ecs] {
            let lines = lines(format, || {
                tracing::info!(text, debug = ?text, shown = %text, "{text}");
            });
            let [line] = lines.as_slice() else { panic!("{} lines of {text:?}", lines.len()) };
            let record: Value = serde_json::from_str(line).unwrap();
            let expected: String = text.chars().take(4096).collect();
            let (attributes, body) = match format {
                Format::Json => (&record["attributes"], &record["body"]),
                _ => (&record, &record["message"]),
            };
            for value in [&attributes["errand.text"], &attributes["errand.shown"], body] {
                assert!(value.as_str().unwrap().starts_with(&expected), "{line}");
            }
            assert!(line.len() < 32 * 1024);
        }
    }
}

/// The only line of `log`, as a reader has it.
fn record(format: Format, log: impl FnOnce()) -> Value {
    let lines = lines(format, log);
    assert_eq!(lines.len(), 1, "{lines:?}");
    serde_json::from_str(&lines[0]).unwrap()
}

#[test]
fn fields_keep_their_types_and_cannot_pose_as_the_lines_own() {
    let record = record(Format::Json, || {
        tracing::warn!(
            target: "kit::test", count = 3, below = -1, ratio = 0.5, none = f64::NAN, yes = true, debug = ?Some("x"), shown = %7,
            severity_text = "forged", resource = "forged", trace_id = "forged", r#type = "t", "said"
        );
    });
    let attributes = record["attributes"].as_object().expect("an object");
    let expected = json!({
        "errand.target": "kit::test", "errand.count": 3, "errand.below": -1, "errand.ratio": 0.5, "errand.none": "NaN",
        "errand.yes": true, "errand.debug": "Some(\"x\")", "errand.shown": "7", "errand.severity_text": "forged",
        "errand.resource": "forged", "errand.trace_id": "forged", "errand.type": "t",
    });
    assert_eq!(json!(attributes), expected);
    assert_eq!(
        (&record["severity_text"], &record["severity_number"]),
        (&json!("WARN"), &json!(13))
    );
    assert_eq!(record["body"], "said");
    let resource = json!({
        "service.name": "test", "service.version": env!("CARGO_PKG_VERSION"), "errand.revision": "abcdef"
    });
    assert_eq!(record["resource"], resource);
    assert!(record["timestamp"].as_str().unwrap().parse::<kit_base::Timestamp>().is_ok());
    assert!(record.get("trace_id").is_none(), "it belongs to no request");
}

#[test]
fn a_request_is_told_under_the_names_of_the_convention() {
    let answered = || {
        tracing::info!(
            target: "edge::access", method = "GET",
            path = "/v1/me",
            route = "/v1/me",
            status = 200,
            duration_ms = 1.25,
            client = "192.0.2.1",
            user_id = "u",
            error = "e",
            "answered"
        );
    };
    let open = record(Format::Json, answered);
    let attributes = json!({
        "errand.target": "edge::access", "http.request.method": "GET", "url.path": "/v1/me", "http.route": "/v1/me",
        "http.response.status_code": 200, "errand.duration_ms": 1.25, "client.address": "192.0.2.1", "user.id": "u",
        "exception.message": "e",
    });
    assert_eq!(open["attributes"], attributes);
    let mut elastic = record(Format::Ecs, answered);
    assert!(elastic["@timestamp"].take().is_string());
    let told = json!({
        "@timestamp": null, "log.level": "info", "log.logger": "edge::access", "message": "answered",
        "http.request.method": "GET", "url.path": "/v1/me", "labels.route": "/v1/me", "http.response.status_code": 200,
        "event.duration": 1_250_000, "client.ip": "192.0.2.1", "user.id": "u", "error.message": "e",
        "service.name": "test", "service.version": env!("CARGO_PKG_VERSION"), "labels.revision": "abcdef", "ecs.version": "8.17",
    });
    assert_eq!(elastic, told);
}

#[test]
fn a_value_is_cut_before_the_line_is() {
    for (text, kept) in [
        ("x".repeat(4096), "x".repeat(4096)),
        ("x".repeat(4097), "x".repeat(4096) + "…"),
        ("ä".repeat(5000), "ä".repeat(4096) + "…"),
        ("\n".repeat(5000), "\n".repeat(4096) + "…"),
    ] {
        let record = record(Format::Json, || tracing::info!(text, "said"));
        let told = &record["attributes"]["errand.text"];
        assert!(told == kept.as_str(), "{} characters", text.chars().count());
        assert_eq!(record["body"], "said", "what follows is not lost");
    }
}

#[test]
fn a_line_names_the_request_that_it_belongs_to() {
    let trace = TraceContext::random(true);
    let inside = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
            let context = RequestContext { request_id: "abc".into(), trace, deadline, steps: None };
            request::scope(context, async { tracing::info!("inside") }).await;
        });
    };
    let (open, elastic) = (record(Format::Json, inside), record(Format::Ecs, inside));
    assert_eq!(open["attributes"]["errand.request_id"], "abc");
    assert_eq!(elastic["http.request.id"], "abc");
    for (told, names) in [(open, ["trace_id", "span_id"]), (elastic, ["trace.id", "span.id"])] {
        assert_eq!(
            names.map(|name| told[name].clone()),
            [trace.trace_id_hex(), trace.span_id_hex()]
        );
    }
}
