//! What there is no place for is refused before it is read, and nobody can tell.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    edge::{Edge, next_reply},
    peers::Outcome,
};

const HOST: &str = "host: errand.test\r\n";

/// An edge with one place, which is taken for so long.
async fn full(milliseconds: u64) -> Arc<Edge> {
    let edge = Arc::new(Edge::with(|config| config.max_in_flight = 1).await);
    edge.peers.next(Outcome::Takes(Duration::from_millis(milliseconds)));
    let slow = edge.clone();
    drop(kit_base::work::detach(async move { slow.get("/v1/me").await.status }));
    tokio::time::sleep(Duration::from_millis(200)).await;
    edge
}

async fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    next_reply(stream).await
}

/// Status line, headers and problem of a reply, without what is another each time.
fn told(reply: &str) -> (String, BTreeMap<String, String>, Value) {
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    let (line, headers) = head.split_once("\r\n").expect("a status line");
    let headers = headers.lines().filter_map(|line| line.split_once(": "));
    let mut headers: BTreeMap<_, _> =
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut problem: Value = serde_json::from_str(body).expect("a problem");
    assert_eq!(problem["instance"], headers["x-request-id"].as_str(), "{reply}");
    let trace = problem["traceId"].as_str().expect("a trace").to_owned();
    assert!(headers["traceparent"].contains(&trace), "{reply}");
    assert_eq!(headers["content-length"], body.len().to_string());
    assert!(headers["date"].ends_with(" GMT"), "{reply}");
    for name in ["x-request-id", "traceparent", "date", "content-length"] {
        headers.remove(name);
    }
    for name in ["instance", "traceId", "timestamp"] {
        problem[name].take();
    }
    (line.to_owned(), headers, problem)
}

/// How many such requests were refused, as the metrics have it.
fn counted(method: &str, route: &str) -> usize {
    let text = kit_base::metrics::text();
    let of = |line: &&str| {
        line.starts_with("http_server_request_duration_seconds_count")
            && ["_status_code=\"503\"", &format!("\"{method}\""), &format!("\"{route}\"")]
                .iter()
                .all(|part| line.contains(part))
    };
    text.lines().find(of).map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn who_is_turned_away_is_told_what_all_are_told_whom_there_is_no_place_for() {
    let (log, _guard) = kit_base::testing::log();
    let edge = full(2_000).await;
    let mut stream = edge.connect().await;
    let project = "/v1/projects/0190a5a0-0000-7000-8000-000000000000";
    let get = format!("GET {project} HTTP/1.1\r\n{HOST}\r\n");
    let body = "{\"name\":\"x\"}";
    let length = body.len();
    let json = "content-type: application/json\r\n";
    let post =
        format!("POST /v1/projects HTTP/1.1\r\n{HOST}{json}content-length: {length}\r\n\r\n{body}");
    // The first request of a connection is read to find out what is spoken on it.
    let read = told(&ask(&mut stream, &get).await);
    assert_eq!(read.0, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(read.2["code"], "SHED");
    for _ in 0..30 {
        for request in [&get, &post] {
            assert_eq!(told(&ask(&mut stream, request).await), read);
        }
    }
    assert_eq!(counted("GET", "/v1/projects/{id}"), 31);
    assert_eq!(counted("POST", "/v1/projects"), 30);
    let lines = log.text().lines().filter(|line| line.contains("status=503")).count();
    assert!((11..=31).contains(&lines), "{lines}: ten a second, beside those that were read");
    let named = get.replace("\r\n\r\n", "\r\nx-request-id: mine\r\n\r\n");
    assert!(ask(&mut stream, &named).await.contains("\"instance\":\"mine\""));
}

#[tokio::test]
async fn a_connection_goes_on_where_requests_were_turned_away() {
    let edge = full(600).await;
    let mut stream = edge.connect().await;
    let get = format!("GET /v1/limits HTTP/1.1\r\n{HOST}\r\n");
    let mut statuses = String::new();
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_millis(1_000) {
        let reply = ask(&mut stream, &get).await;
        let status = &reply[9..12];
        if !statuses.ends_with(status) {
            statuses.push_str(status);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(statuses, "503200", "refused until there was a place, and served from then on");
}

#[tokio::test]
async fn several_requests_at_once_are_answered_in_their_order() {
    let edge = full(1_000).await;
    let mut stream = edge.connect().await;
    let get = |id: &str| format!("GET /v1/limits HTTP/1.1\r\n{HOST}x-request-id: {id}\r\n\r\n");
    ask(&mut stream, &get("0")).await;
    for round in 0..20 {
        let ids = ["a", "b", "c"].map(|name| format!("{name}{round}"));
        stream.write_all(ids.each_ref().map(|id| get(id)).concat().as_bytes()).await.unwrap();
        let mut replies = String::new();
        while replies.matches("\"instance\"").count() < 3 {
            replies += &next_reply(&mut stream).await;
        }
        let places =
            ids.map(|id| replies.find(&format!("\"instance\":\"{id}\"")).expect("its answer"));
        assert!(places.is_sorted(), "{replies}");
    }
}

#[tokio::test]
async fn what_has_a_place_of_its_own_or_is_unusual_is_read() {
    let edge = full(1_500).await;
    let mut stream = edge.connect().await;
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\n{HOST}{more}\r\n");
    ask(&mut stream, &get("/v1/limits", "")).await;
    let refresh = r#"{"refresh_token":"r"}"#;
    let length = refresh.len();
    let refresh = format!(
        "POST /v1/auth/refresh HTTP/1.1\r\n{HOST}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{refresh}"
    );
    let reply = ask(&mut stream, &refresh).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "the reserve: {reply}");
    let reply = ask(&mut stream, &get("/v1/nothing", "")).await;
    assert!(reply.starts_with("HTTP/1.1 503"), "{reply}");
    let (_, headers, _) =
        told(&ask(&mut stream, &get("/v1/limits", "connection: close\r\n")).await);
    assert_eq!(headers.get("connection").map(String::as_str), Some("close"));
}
