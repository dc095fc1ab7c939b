use crate::edge::Edge;

const APP: &str = "https://app.example.org";

#[tokio::test]
async fn a_script_of_a_known_site_may_call() {
    let edge = Edge::with(|config| config.cors_origins = vec![APP.to_owned()]).await;
    let asks = [("origin", APP), ("access-control-request-method", "PATCH")];
    let reply = edge.anonymous("OPTIONS", "/v1/tasks", &asks, "").await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, APP));
    assert!(reply.header("access-control-allow-methods").contains("PATCH"));
    assert!(reply.header("access-control-allow-headers").contains("if-match"));
    assert_eq!(reply.header("access-control-max-age"), "7200");
    let reply = edge.ask("GET", "/v1/me", &[("origin", APP)], "").await;
    assert_eq!(reply.header("access-control-allow-origin"), APP);
    assert!(reply.headers.get_all("vary").iter().any(|name| name == "origin"), "{reply:?}");
    assert!(reply.header("access-control-expose-headers").contains("etag"));
    let refused = edge.anonymous("GET", "/v1/me", &[("origin", APP)], "").await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, APP));
}

#[tokio::test]
async fn a_script_of_another_site_may_not() {
    let edge = Edge::with(|config| config.cors_origins = vec![APP.to_owned()]).await;
    let other = ("origin", "https://evil.example");
    let reply = edge
        .anonymous("OPTIONS", "/v1/tasks", &[other, ("access-control-request-method", "GET")], "")
        .await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (405, ""));
    let reply = edge.ask("GET", "/v1/me", &[other], "").await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
    assert!(reply.headers.get_all("vary").iter().any(|name| name == "origin"), "{reply:?}");
}

#[tokio::test]
async fn only_the_page_about_the_api_runs_scripts() {
    let edge = Edge::start().await;
    let page = edge.anonymous("GET", "/docs", &[], "").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    let own: Vec<_> = text.split(['"']).filter(|part| part.starts_with("/docs/")).collect();
    assert_eq!(own.len(), 4);
    for path in own {
        assert_eq!(edge.anonymous("GET", path, &[], "").await.status, 200, "{path}");
    }
    assert!(!text.contains("http"), "the page works offline");
    assert_eq!(
        edge.get("/v1/me").await.header("content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'"
    );
}
