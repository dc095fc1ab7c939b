use std::time::Duration;

use kit_base::Clock;
use proto::auth::v1::{Revocation, TrustUpdate};

use crate::edge::Edge;

const JSON: (&str, &str) = ("content-type", "application/json");
const LOGIN: &str = r#"{"email":"ada@example.org","password":"correct horse"}"#;

#[tokio::test]
async fn a_login_is_from_the_device_that_the_edge_saw() {
    let edge = Edge::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".to_owned()]).await;
    let headers = [
        JSON,
        ("x-forwarded-for", "1.1.1.1, 198.51.100.7"),
        ("x-forwarded-proto", "https"),
        ("user-agent", "curl/8"),
        ("cookie", "errand_device=before"),
    ];
    let reply = edge.anonymous("POST", "/v1/auth/login", &headers, LOGIN).await;
    assert_eq!(
        (reply.status, &reply.json()["token_type"], &reply.json()["expires_in"]),
        (200, &"Bearer".into(), &600.into())
    );
    assert!(
        reply
            .header("set-cookie")
            .starts_with("errand_device=device-1; HttpOnly; SameSite=Strict; Path=/v1/auth;")
    );
    assert!(reply.header("set-cookie").ends_with("; Secure"));
    assert!(reply.header("strict-transport-security").starts_with("max-age="));
    let device = r#"Device { address: "198.51.100.7", user_agent: "curl/8", token: "before" }"#;
    assert!(edge.peers.last().message.contains(device));
    let reply =
        edge.anonymous("POST", "/v1/auth/refresh", &[JSON], r#"{"refresh_token":"r"}"#).await;
    assert_eq!((reply.status, reply.header("set-cookie")), (200, ""));
}

#[tokio::test]
async fn tokens_are_never_packed() {
    let edge = Edge::start().await;
    let gzip = ("accept-encoding", "gzip, br");
    let reply = edge.anonymous("POST", "/v1/auth/login", &[JSON, gzip], LOGIN).await;
    assert_eq!((reply.status, reply.header("content-encoding")), (200, ""));
    let reply = edge.ask("GET", "/v1/tasks", &[gzip], "").await;
    assert_eq!((reply.status, reply.header("content-encoding")), (200, "gzip"));
    assert_eq!(edge.get("/v1/tasks").await.header("content-encoding"), "");
    assert_eq!(
        edge.ask("GET", "/v1/me", &[gzip], "").await.header("content-encoding"),
        "",
        "too small"
    );
}

#[tokio::test]
async fn a_session_that_ended_is_refused_at_once() {
    let edge = Edge::start().await;
    assert_eq!(edge.get("/v1/me").await.status, 200);
    let until = Some(prost_types::Timestamp { seconds: i64::from(u32::MAX), nanos: 0 });
    let revocations = vec![Revocation { session_id: edge.session_id.to_string(), until }];
    edge.peers.trust.send(TrustUpdate { revocations, ..TrustUpdate::default() }).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(edge.get("/v1/me").await.refusal(), "401 SESSION_ENDED");
}

#[tokio::test]
async fn the_keys_of_tokens_are_public() {
    let edge = Edge::start().await;
    let reply = edge.anonymous("GET", "/.well-known/jwks.json", &[], "").await;
    let key = reply.json()["keys"][0].clone();
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"], &key["kid"]),
        (&"OKP".into(), &"Ed25519".into(), &"EdDSA".into(), &"k1".into())
    );
    assert_eq!(key["x"].as_str().unwrap().len(), 43);
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    let etag = reply.header("etag").to_owned();
    assert_eq!(
        edge.anonymous("GET", "/.well-known/jwks.json", &[("if-none-match", &etag)], "")
            .await
            .status,
        304
    );
}

#[tokio::test]
async fn nothing_is_written_when_ended_sessions_go_unheard() {
    let clock = Clock::fixed(Clock::system().now());
    let edge = Edge::at(clock.clone(), |_| {}).await;
    let write = async || edge.send("POST", "/v1/tasks", r#"{"title":"x"}"#).await;
    clock.advance(Duration::from_secs(29));
    assert_eq!(write().await.status, 201);
    clock.advance(Duration::from_secs(2));
    assert_eq!(write().await.refusal(), "503 TRUST_STALE");
    assert_eq!(edge.get("/v1/me").await.status, 200, "reading goes on");
    edge.peers.trust.send(TrustUpdate::default()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(write().await.status, 201);
}
