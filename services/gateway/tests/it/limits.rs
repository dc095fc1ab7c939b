use std::{sync::Arc, time::Duration};

use gateway::Config;
use kit_base::testing::eventually;
use kit_process::config::Switch;

use crate::{edge::Edge, peers::Outcome};

const JSON: (&str, &str) = ("content-type", "application/json");
const LOGIN: &str = r#"{"email":"ada@example.org","password":"correct horse"}"#;

#[tokio::test]
async fn a_user_who_asks_too_often_is_told_when_to_come_back() {
    let edge = Edge::with(|config| config.rate_limit_user = 2).await;
    let first = edge.get("/v1/me").await;
    assert_eq!(
        (first.header("ratelimit-policy"), first.header("ratelimit")),
        ("\"user\";q=2;w=60", "\"user\";r=1;t=30")
    );
    assert_eq!(edge.get("/v1/me").await.status, 200);
    let reply = edge.get("/v1/me").await;
    assert_eq!(reply.refusal(), "429 TOO_MANY_REQUESTS");
    assert_eq!(
        (reply.header("ratelimit"), reply.header("retry-after")),
        ("\"user\";r=0;t=60", "30")
    );
    assert_eq!(
        reply.json()["type"],
        "https://iana.org/assignments/http-problem-types#quota-exceeded"
    );
    assert_eq!(reply.json()["violated-policies"], serde_json::json!(["user"]));
    assert_eq!(edge.anonymous("GET", "/v1/limits", &[], "").await.status, 200, "others go on");
}

#[tokio::test]
async fn guesses_at_passwords_use_up_a_rate_of_their_own() {
    let edge = Edge::with(|config| config.rate_limit_login = 1).await;
    let login = async || edge.anonymous("POST", "/v1/auth/login", &[JSON], LOGIN).await;
    assert_eq!(login().await.status, 200);
    let reply = login().await;
    assert_eq!(
        (reply.refusal().as_str(), reply.header("ratelimit-policy")),
        ("429 TOO_MANY_REQUESTS", "\"login\";q=1;w=60")
    );
    // Who says it once more guesses as well.
    let change = r#"{"current_password":"p","new_password":"q"}"#;
    assert_eq!(edge.ask("PUT", "/v1/me/password", &[JSON], change).await.status, 429);
    let refresh =
        edge.anonymous("POST", "/v1/auth/refresh", &[JSON], r#"{"refresh_token":"r"}"#).await;
    assert_eq!(refresh.status, 200);
}

#[tokio::test]
async fn what_a_path_does_not_offer_spends_no_sign_in() {
    let edge = Edge::with(|config| {
        config.rate_limit_login = 1;
        config.cors_origins = vec!["https://app.example".to_owned()];
    })
    .await;
    let asks = [("origin", "https://app.example"), ("access-control-request-method", "GET")];
    for path in ["/v1/me", "/v1/me/password", "/v1/auth/login", "/v1/auth/register"] {
        for _ in 0..3 {
            assert_eq!(edge.anonymous("OPTIONS", path, &asks, "").await.status, 204, "{path}");
            let reply = edge.anonymous("BREW", path, &[], "").await;
            assert_eq!(reply.refusal(), "405 METHOD_NOT_ALLOWED", "{path}");
            assert!(!reply.header("ratelimit").contains("login"), "{path}");
        }
    }
    assert_eq!(edge.anonymous("POST", "/v1/auth/login", &[JSON], LOGIN).await.status, 200);
}

#[tokio::test]
async fn rates_can_be_lifted() {
    let edge =
        Edge::with(|config| (config.rate_limit, config.rate_limit_user) = (Switch::Off, 1)).await;
    for _ in 0..3 {
        let reply = edge.get("/v1/me").await;
        assert_eq!((reply.status, reply.header("ratelimit")), (200, ""));
    }
    assert_eq!(edge.get("/v1/limits").await.json()["rates"], serde_json::Value::Null);
}

#[tokio::test]
async fn rates_and_origins_change_while_it_runs() {
    let edge = Edge::with(|config| config.rate_limit_user = 1).await;
    assert_eq!(edge.get("/v1/me").await.status, 200);
    assert_eq!(edge.get("/v1/me").await.status, 429);
    let app = "https://app.example.org";
    let config = Config { cors_origins: vec![app.to_owned()], ..Config::default() };
    edge.settings.publish(Config { rate_limit_user: 60, ..config.clone() });
    let rates = async || edge.anonymous("GET", "/v1/limits", &[], "").await.json()["rates"].clone();
    eventually("the new rate is in effect", async || rates().await["user"] == 60).await;
    let reply = edge.ask("GET", "/v1/me", &[("origin", app)], "").await;
    assert_eq!(reply.refusal(), "429 TOO_MANY_REQUESTS", "what was spent stays spent");
    assert_eq!(reply.header("ratelimit-policy"), "\"user\";q=60;w=60");
    assert_eq!(reply.header("access-control-allow-origin"), app);
    edge.settings.publish(Config { rate_limit: Switch::Off, ..config });
    eventually("the rates are lifted", async || rates().await.is_null()).await;
    assert_eq!(edge.get("/v1/me").await.status, 200);
}

#[tokio::test]
async fn what_comes_above_the_limit_is_shed_at_once() {
    let edge = Arc::new(Edge::with(|config| config.max_in_flight = 1).await);
    edge.peers.next(Outcome::Takes(Duration::from_millis(800)));
    let slow = edge.clone();
    let slow = kit_base::work::detach(async move { slow.get("/v1/me").await.status });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let shed = edge.get("/v1/me").await;
    assert_eq!((shed.refusal().as_str(), shed.header("retry-after")), ("503 SHED", "1"));
    assert_eq!(
        shed.json()["type"],
        "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
    );
    let refresh =
        edge.anonymous("POST", "/v1/auth/refresh", &[JSON], r#"{"refresh_token":"r"}"#).await;
    assert_eq!(refresh.status, 200, "the reserve");
    assert_eq!(slow.await.unwrap(), 200);
    assert_eq!(edge.get("/v1/me").await.status, 200);
}

#[tokio::test]
async fn an_address_that_has_its_share_is_told_to_wait() {
    let edge = Arc::new(Edge::with(|config| config.max_in_flight_per_address = 1).await);
    edge.peers.next(Outcome::Takes(Duration::from_millis(800)));
    let slow = edge.clone();
    let slow = kit_base::work::detach(async move { slow.get("/v1/me").await.status });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = edge.get("/v1/me").await;
    assert_eq!(refused.refusal(), "429 TOO_MANY_AT_ONCE");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(slow.await.unwrap(), 200);
    assert_eq!(edge.get("/v1/me").await.status, 200);
}

/// A hash takes as long as it takes: the same time kills another write.
#[tokio::test]
async fn a_write_with_a_password_has_the_time_of_a_hash() {
    let edge = Edge::start().await;
    let change = r#"{"current_password":"correct horse","new_password":"four plain words here"}"#;
    for (method, path, body, status) in [
        ("PUT", "/v1/me/password", change, 204),
        ("DELETE", "/v1/me", r#"{"password":"correct horse"}"#, 204),
        ("PATCH", "/v1/me", r#"{"name":"Ada"}"#, 503),
    ] {
        edge.peers.next(Outcome::Takes(Duration::from_millis(3_500)));
        assert_eq!(edge.ask(method, path, &[JSON], body).await.status, status, "{method} {path}");
    }
}

/// As 499, which is what proxies say of it.
#[tokio::test]
async fn a_request_whose_client_leaves_is_told_in_the_log_and_counted() {
    let (log, _guard) = kit_base::testing::log();
    let edge = Edge::start().await;
    edge.peers.next(Outcome::Takes(Duration::from_secs(20)));
    let path = "/v1/sessions";
    let asking = tokio::time::timeout(Duration::from_millis(300), edge.get(path)).await;
    assert!(asking.is_err(), "it takes longer");
    let line = || log.text().lines().find(|line| line.contains("status=499")).map(str::to_owned);
    eventually("it is told in the log", async || line().is_some()).await;
    let line = line().unwrap();
    assert!(line.contains("not answered") && line.contains("/v1/sessions"), "{line}");
    let counted = kit_base::metrics::text();
    let is_of = |line: &&str| {
        line.starts_with("http_server_request_duration_seconds_count{")
            && line.contains(r#"http_response_status_code="499""#)
            && line.contains(r#"http_route="/v1/sessions""#)
    };
    assert_eq!(counted.lines().filter(is_of).count(), 1, "{counted}");
}
