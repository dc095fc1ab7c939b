//! What a collector gets to know of a request that three processes work on.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use kit_base::testing::eventually;
use kit_db::testing::Backend;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use serde_json::json;

use super::{
    fleet::{Fleet, addresses},
    heavy,
};
use crate::{
    http::{Http, Reply},
    storage,
    user::User,
};

const UNPOISONED: &str = "nothing panics while it holds this lock";

/// By its id, each span that has come.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<BTreeMap<Vec<u8>, Span>>>);

impl Collector {
    /// Takes traces over OTLP/HTTP at the address that it gives.
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let router = Router::new().route("/v1/traces", post(collect)).with_state(self.clone());
        drop(kit_base::work::detach(async move { axum::serve(listener, router).await }));
        address
    }

    /// The spans of the trace that an answer names.
    fn trace(&self, reply: &Reply) -> Vec<Span> {
        let trace_id = reply.header("traceparent").split('-').nth(1).expect("an id").to_owned();
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let spans = self.0.lock().expect(UNPOISONED);
        spans.values().filter(|span| hex(&span.trace_id) == trace_id).cloned().collect()
    }
}

async fn collect(State(collector): State<Collector>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
    let scopes = request.resource_spans.into_iter().flat_map(|of_process| of_process.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans);
    collector.0.lock().expect(UNPOISONED).extend(spans.map(|span| (span.span_id.clone(), span)));
}

/// The names from the outermost span down to the one called `name`.
fn way_to(name: &str, trace: &[Span]) -> Vec<String> {
    let mut way = vec![];
    let mut next = trace.iter().find(|span| span.name == name);
    while let Some(span) = next {
        let kind = SpanKind::try_from(span.kind).expect("a kind").as_str_name();
        way.push(format!("{} {}", kind.trim_start_matches("SPAN_KIND_"), span.name));
        next = trace.iter().find(|outer| outer.span_id == span.parent_span_id);
    }
    way.reverse();
    way
}

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn what_is_slow_or_fails_is_traced_down_to_the_database_though_no_trace_was_chosen() {
    heavy(async {
        let collector = Collector::default();
        let address = collector.start().await;
        let shared = storage::variables(Backend::Postgres).await;
        let traced = |_: &str| {
            vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", address.clone()),
                ("OTEL_TRACES_SAMPLER_ARG", "0".to_owned()),
                ("TRACES_SLOW", "1ms".to_owned()),
            ]
        };
        let mut fleet = Fleet::start_with(&shared, [1, 1, 1], traced, addresses).await;
        let alice = User::joins(&fleet.edges()[0], "alice").await;
        let created = alice.post("/v1/tasks", &json!({ "title": "Ship it" })).await;
        created.expect(201);
        eventually("its trace is there", async || {
            way_to("unit.write", &collector.trace(&created)).len() == 4
        })
        .await;
        let way = way_to("unit.write", &collector.trace(&created));
        let method = "tasks.v1.TaskService/CreateTask";
        let expected =
            format!("SERVER POST /v1/tasks, CLIENT {method}, SERVER {method}, CLIENT unit.write");
        assert_eq!(way.join(", "), expected);

        let admin = Http::new(format!("http://{}", fleet.process("gateway-1").admin_address()));
        let counted = String::from_utf8(admin.get("/metrics").await.body.to_vec()).expect("a text");
        let sent = "http_client_request_duration_seconds_count{error_type=\"\",http_request_method=\"POST\",http_response_status_code=\"200\",server_address=\"127.0.0.1:";
        assert!(counted.lines().any(|line| line.starts_with(sent)), "{counted}");

        fleet.process("tasks-1").is_killed();
        let failed = alice.post("/v1/tasks", &json!({ "title": "Ship it" })).await;
        failed.expect(503);
        eventually("what failed is there", async || !collector.trace(&failed).is_empty()).await;
        let spans = collector.trace(&failed);
        let edge = spans.iter().find(|span| span.name == "POST /v1/tasks").expect("the edge's");
        let is_failed = |span: &Span| span.status.as_ref().is_some_and(|status| status.code == 2);
        assert!(is_failed(edge), "{spans:#?}");
        let is_tried = |span: &&Span| span.parent_span_id == edge.span_id && is_failed(span);
        assert!(spans.iter().any(|span| is_tried(&span)), "what it was waiting for: {spans:#?}");
        for span in collector.0.lock().expect(UNPOISONED).values() {
            let text = format!("{span:?}");
            assert!(!text.contains("Ship it") && !text.contains(&alice.email), "{text}");
        }
    });
}
