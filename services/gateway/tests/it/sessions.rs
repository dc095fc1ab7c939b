use std::time::Duration;

use kit_base::{Clock, testing::eventually};
use proto::auth::v1::{Revocation, TrustUpdate};

use crate::{
    edge::{Edge, ID, token},
    peers::Outcome,
};

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
    let edge = Edge::with_clock(clock.clone(), |_| {}).await;
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

/// Lets the edge know that the session of its user has ended.
async fn ends(edge: &Edge) {
    let until = Some(prost_types::Timestamp { seconds: i64::from(u32::MAX), nanos: 0 });
    let revocations = vec![Revocation { session_id: edge.session_id.to_string(), until }];
    edge.peers.trust.send(TrustUpdate { revocations, ..TrustUpdate::default() }).unwrap();
    eventually("the session has ended", async || edge.get("/v1/me").await.status != 200).await;
    while edge.peers.count() > 0 {
        _ = edge.peers.last();
    }
}

#[tokio::test]
async fn who_ended_a_session_may_ask_again_what_came_of_it_and_nothing_else() {
    let edge = Edge::start().await;
    ends(&edge).await;
    let key = ("idempotency-key", "leave-1");
    let revoke = format!("/v1/sessions/{ID}");
    let password = r#"{"password":"correct horse"}"#;
    for (method, path, call, body) in [
        ("POST", "/v1/auth/logout", "Logout", ""),
        ("DELETE", &revoke, "RevokeSession", ""),
        ("DELETE", "/v1/me", "DeleteMe", password),
    ] {
        edge.peers.next(Outcome::Replays);
        let reply = edge.ask(method, path, &[key, JSON], body).await;
        assert_eq!((reply.status, reply.header("idempotency-replayed")), (204, "true"), "{path}");
        let asked = edge.peers.last();
        assert_eq!(asked.name, call);
        assert_eq!(asked.metadata.get("idempotency-key").unwrap(), "leave-1");
        let bearer = format!("Bearer {}", edge.token);
        assert_eq!(asked.metadata.get("authorization").unwrap(), bearer.as_str(), "auth decides");
        assert_eq!(
            edge.ask(method, path, &[JSON], body).await.refusal(),
            "401 SESSION_ENDED",
            "{path}"
        );
    }
    for (method, path) in [("POST", "/v1/tasks"), ("PATCH", "/v1/me"), ("GET", "/v1/sessions")] {
        let headers = [key, JSON];
        let reply = edge.ask(method, path, &headers, "{}").await;
        assert_eq!(reply.refusal(), "401 SESSION_ENDED", "{method} {path}");
    }
    assert_eq!(edge.peers.count(), 0);
}

#[tokio::test]
async fn who_asks_again_what_came_of_an_end_is_held_to_the_rate_of_its_user() {
    let edge = Edge::with(|config| config.rate_limit_user = 3).await;
    let ask = async |method: &str, path: &str| {
        let reply = edge.ask(method, path, &[("idempotency-key", "leave-1"), JSON], "").await;
        (reply.status, reply.header("ratelimit-policy").contains("\"user\""))
    };
    // One of them was spent to see it end, and one more before.
    ends(&edge).await;
    let asked = edge.peers.count();
    let mut refused = 0;
    for _ in 0..9 {
        let (status, of_user) = ask("POST", "/v1/auth/logout").await;
        assert!(of_user && [204, 429].contains(&status), "{status}");
        refused += usize::from(status == 429);
    }
    assert!((6..9).contains(&refused), "{refused}");
    assert_eq!(edge.peers.count() - asked, 9 - refused);
}

#[tokio::test]
async fn a_token_that_is_no_token_ends_no_session() {
    let edge = Edge::start().await;
    let user = uuid::Uuid::now_v7();
    let expired = format!("Bearer {}", token(&edge.key, user, edge.session_id, -60));
    let forged = format!("Bearer {}x", edge.token);
    for (authorization, code) in [
        (expired.as_str(), "TOKEN_EXPIRED"),
        (&forged, "TOKEN_INVALID"),
        ("Basic x", "TOKEN_MISSING"),
    ] {
        let headers = [("authorization", authorization), ("idempotency-key", "leave-1")];
        let reply = edge.anonymous("POST", "/v1/auth/logout", &headers, "").await;
        assert_eq!(reply.refusal(), format!("401 {code}"));
    }
    assert_eq!(edge.peers.count(), 0);
}

#[tokio::test]
async fn a_device_is_told_by_its_own_cookie_and_no_more_of_it_than_is_kept() {
    let edge = Edge::start().await;
    let agent = "a".repeat(600);
    let headers = [
        JSON,
        ("user-agent", &agent),
        ("cookie", "a=1"),
        ("cookie", "b=2; errand_device=mine; errand_device=other"),
    ];
    assert_eq!(edge.anonymous("POST", "/v1/auth/login", &headers, LOGIN).await.status, 200);
    let message = edge.peers.last().message;
    let kept = format!("user_agent: \"{}\", token: \"mine\"", "a".repeat(512));
    assert!(message.contains(&kept), "{message}");
    let forwarded = [JSON, ("x-forwarded-for", "198.51.100.7"), ("x-forwarded-proto", "https")];
    let reply = edge.anonymous("POST", "/v1/auth/login", &forwarded, LOGIN).await;
    assert!(edge.peers.last().message.contains("address: \"127.0.0.1\""), "no proxy is trusted");
    assert!(!reply.header("set-cookie").contains("Secure"));
    assert_eq!(reply.header("strict-transport-security"), "");
}
