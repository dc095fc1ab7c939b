use crate::edge::Edge;

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
