use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use kit_base::testing::eventually;

use crate::edge::{Edge, next_reply};

#[tokio::test]
async fn a_request_names_the_host_that_it_is_for() {
    let edge = Edge::start().await;
    let ask = async |hosts: &str| {
        edge.raw(format!("GET /v1/limits HTTP/1.1\r\n{hosts}\r\n").as_bytes()).await
    };
    assert!(ask("Host: errand.test\r\n").await.starts_with("HTTP/1.1 200"));
    for hosts in
        ["", "Host: a.test\r\nHost: b.test\r\n", "Host: a.test\r\nHost: a.test\r\n", "Host:\r\n"]
    {
        let reply = ask(hosts).await;
        assert!(reply.starts_with("HTTP/1.1 400"), "{hosts:?}: {reply}");
        assert!(reply.contains("application/problem+json"), "{reply}");
        assert!(reply.contains(r#""code":"INVALID_HOST""#), "{reply}");
    }
    let old = edge.raw(b"GET /v1/limits HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 200"), "{old}");
}

#[tokio::test]
async fn a_request_names_one_host_whatever_it_speaks() {
    let edge = Edge::start().await;
    for (target, host, status) in [
        ("a.test", None, 200),
        ("a.test", Some("a.test"), 200),
        ("a.test", Some("A.test:80"), 200),
        ("a.test", Some("b.test"), 400),
        ("a.test", Some("a.test:8080"), 400),
        ("u@a.test", None, 400),
        ("u@a.test", Some("a.test"), 400),
        ("a.test", Some("u@a.test"), 400),
    ] {
        let uri = format!("http://{target}/v1/limits");
        let headers: Vec<_> =
            host.map(|host| ("host".to_owned(), host.to_owned())).into_iter().collect();
        let reply = edge.http2(&uri, &headers).await;
        assert_eq!(reply.status, status, "{target} {host:?}");
        assert!(status == 200 || reply.refusal() == "400 INVALID_HOST", "{reply:?}");
        let Some(host) = host else { continue };
        let old = edge.raw(format!("GET {uri} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await;
        assert!(old.starts_with(&format!("HTTP/1.1 {status}")), "{target} {host}: {old}");
    }
}

#[tokio::test]
async fn a_head_is_bounded_alike_whatever_the_client_speaks() {
    let (log, _guard) = kit_base::testing::log();
    let edge = Edge::start().await;
    let of = |count: usize, bytes: usize| -> Vec<(String, String)> {
        (0..count).map(|number| (format!("x-{number}"), "x".repeat(bytes))).collect()
    };
    let uri = "http://errand.test/v1/limits";
    for (count, bytes, status) in
        [(64, 1, 200), (65, 1, 431), (64, 250, 200), (64, 260, 431), (64, 400, 431)]
    {
        let reply = edge.http2(uri, &of(count, bytes)).await;
        assert_eq!(reply.status, status, "{count} headers of {bytes} bytes");
        assert!(status == 200 || reply.refusal() == "431 HEADERS_TOO_LARGE", "{reply:?}");
    }
    let long = format!("{uri}?{}", "x".repeat(9_000));
    assert_eq!(edge.http2(&long, &of(64, 250)).await.refusal(), "414 URI_TOO_LONG");
    let beyond = edge.http2(uri, &of(64, 500)).await;
    assert_eq!((beyond.status, beyond.body.len()), (431, 0), "what is said of HTTP/2 itself");
    let counted = kit_base::metrics::text();
    let mut lines =
        counted.lines().filter(|line| line.contains("http_response_status_code=\"431\""));
    assert!(lines.any(|line| line.contains("http_request_method=\"GET\"")), "{counted}");
    eventually("a line", async || log.text().contains("status=400")).await;
    assert_eq!(log.text().matches("status=400").count(), 1, "{}", log.text());
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_with_a_problem() {
    let edge = Edge::start().await;
    for (path, padding, expected) in [
        (format!("/v1/limits?{}", "x".repeat(9_000)), 0, "414 URI_TOO_LONG"),
        (format!("/{}", "x".repeat(9_000)), 0, "414 URI_TOO_LONG"),
        ("/v1/limits".to_owned(), 17_000, "431 HEADERS_TOO_LARGE"),
    ] {
        let reply = edge.ask("GET", &path, &[("x-padding", &"x".repeat(padding))], "").await;
        assert_eq!(reply.refusal(), expected);
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
    let path = format!("/v1/limits{}", "x".repeat(7_000));
    assert_eq!(edge.get(&path).await.status, 404, "long, and not too long");
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_a_problem_too() {
    let (log, _guard) = kit_base::testing::log();
    let edge = Edge::start().await;
    let host = "Host: errand.test\r\n";
    let many = "x: y\r\n".repeat(100);
    for (request, expected, code) in [
        (format!("GET / HTTP/3.9\r\n{host}\r\n"), "400 Bad Request", "MALFORMED_REQUEST"),
        (format!("GET /v1 /limits HTTP/1.1\r\n{host}\r\n"), "400 Bad Request", "MALFORMED_REQUEST"),
        (format!("GET / HTTP/1.1\r\n{host}a b: c\r\n\r\n"), "400 Bad Request", "MALFORMED_REQUEST"),
        (format!("GET / HTTP/1.1\r\n{host}{many}\r\n"), "431 Request Header", "HEADERS_TOO_LARGE"),
        (format!("GET /{} HTTP/1.1\r\n", "x".repeat(40_000)), "414 URI Too Long", "URI_TOO_LONG"),
    ] {
        let reply = edge.raw(request.as_bytes()).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {expected}")), "{reply}");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
        let problem: serde_json::Value = serde_json::from_str(body).expect("a problem");
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"].to_string(), expected[..3]);
        for (header, value) in [
            ("content-type", "application/problem+json"),
            ("x-request-id", problem["instance"].as_str().expect("the id of the request")),
            ("traceparent", problem["traceId"].as_str().expect("its trace")),
            ("cache-control", "no-store"),
            ("connection", "close"),
        ] {
            let mut lines = head.lines();
            let told = lines.any(|line| line.starts_with(header) && line.contains(value));
            assert!(told, "{header}: {value} in {head}");
        }
    }
    let counted = kit_base::metrics::text();
    for status in ["400", "414", "431"] {
        let of = format!("http_response_status_code=\"{status}\"");
        let mut lines = counted.lines().filter(|line| line.contains(&of));
        let method = |line: &str| line.contains("http_request_method=\"_OTHER\"");
        assert!(lines.any(method), "{status} in {counted}");
        let line = format!("status={status}");
        assert!(log.text().lines().any(|told| told.contains(&line)), "{line} in {}", log.text());
    }
}

#[tokio::test]
async fn what_could_be_read_in_two_ways_is_refused() {
    let edge = Edge::start().await;
    let sent = "Host: errand.test\r\ncontent-type: application/json\r\n";
    let bearer = format!("authorization: Bearer {}\r\n", edge.token);
    let body = "d\r\n{\"title\":\"x\"}\r\n0\r\n\r\n";
    for (more, expected) in [
        ("transfer-encoding: chunked\r\n", "201 Created"),
        ("transfer-encoding: Chunked\r\n", "201 Created"),
        ("transfer-encoding: gzip, chunked\r\n", "501 Not Implemented"),
        ("transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n", "501 Not Implemented"),
        ("transfer-encoding: chunked\r\nauthorization: Bearer x\r\n", "400 Bad Request"),
        ("transfer-encoding: chunked\r\ncontent-type: text/plain\r\n", "400 Bad Request"),
    ] {
        let head =
            format!("POST /v1/tasks HTTP/1.1\r\n{sent}{bearer}{more}connection: close\r\n\r\n");
        let reply = edge.raw(format!("{head}{body}").as_bytes()).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {expected}")), "{more}: {reply}");
        let code = match &expected[..3] {
            "501" => "UNSUPPORTED_TRANSFER_CODING",
            "400" => "REPEATED_HEADER",
            _ => continue,
        };
        assert!(reply.contains(&format!(r#""code":"{code}""#)), "{more}: {reply}");
    }
    assert_eq!(edge.peers.count(), 2);
}

#[tokio::test]
async fn a_refusal_before_the_body_is_there_costs_no_other_request() {
    let edge = Edge::with(|config| config.rate_limit = kit_process::config::Switch::Off).await;
    let token = format!("authorization: Bearer {}\r\n", edge.token);
    let json = "content-type: application/json\r\n";
    let large = "x".repeat(300 * 1024);
    for (line, headers, body, status) in [
        ("POST /v1/tasks", json, "{}", 401),
        ("POST /v1/nothing", json, "{}", 404),
        ("PUT /v1/tasks", json, "{}", 405),
        ("POST /v1/tasks", &token, "{}", 415),
        ("POST /v1/tasks?colour=red", json, "{}", 401),
        ("POST /v1/auth/login", "content-encoding: gzip\r\n", "{}", 415),
        ("POST /v1/tasks", &format!("{token}{json}"), &large, 413),
        ("POST /v1/auth/login", "host: b.test\r\n", "{}", 400),
        ("GET /v1/limits", json, "{}", 200),
    ] {
        let mut stream = edge.connect().await;
        for round in 0..50 {
            let length = body.len();
            let head = format!(
                "{line} HTTP/1.1\r\nhost: errand.test\r\n{headers}content-length: {length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
            stream.write_all(body.as_bytes()).await.unwrap();
            let reply = next_reply(&mut stream).await;
            assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{line} {round}: {reply}");
            stream
                .write_all(b"GET /v1/limits HTTP/1.1\r\nhost: errand.test\r\n\r\n")
                .await
                .unwrap();
            let next = next_reply(&mut stream).await;
            assert!(next.starts_with("HTTP/1.1 200"), "{line} {round}: {next}");
        }
    }
}

#[tokio::test]
async fn an_answer_says_which_build_has_made_it_where_that_is_wanted() {
    for (wanted, told) in
        [(kit_process::config::Switch::On, true), (kit_process::config::Switch::Off, false)]
    {
        let edge = Edge::with(|config| config.server_timing = wanted).await;
        for reply in [edge.get("/v1/limits").await, edge.get("/v1/nothing").await] {
            let timing = reply.header("server-timing");
            assert_eq!(
                timing.starts_with("errand;desc=\"0.") && timing.contains("\", total;dur="),
                told,
                "{timing}"
            );
        }
    }
}
