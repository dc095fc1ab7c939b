use std::time::Duration;

use kit_base::error::refuse;
use tonic::{Code, Status};

use crate::{
    edge::{Edge, ID, Reply, token},
    peers::Outcome,
};

fn is_problem(reply: &Reply) {
    assert_eq!(reply.header("content-type"), "application/problem+json", "{reply:?}");
    let problem = reply.json();
    for field in ["type", "title", "detail", "instance", "code", "message", "timestamp", "traceId"]
    {
        assert!(
            problem[field].as_str().is_some_and(|text| !text.is_empty()),
            "{field} of {problem}"
        );
    }
    assert_eq!(problem["status"], reply.status);
    assert_eq!(problem["instance"], reply.header("x-request-id"));
    assert!(reply.header("traceparent").contains(problem["traceId"].as_str().unwrap()));
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn every_refusal_of_a_service_has_its_status() {
    let edge = Edge::start().await;
    for (code, reason, expected) in [
        (Code::InvalidArgument, "VALIDATION_FAILED", 422),
        (Code::InvalidArgument, "INVALID_CURSOR", 400),
        (Code::Unauthenticated, "TOKEN_EXPIRED", 401),
        (Code::PermissionDenied, "FORBIDDEN", 403),
        (Code::NotFound, "TASK_NOT_FOUND", 404),
        (Code::AlreadyExists, "ID_TAKEN", 409),
        (Code::Aborted, "CONFLICT", 409),
        (Code::FailedPrecondition, "INBOX_IS_FIXED", 409),
        (Code::OutOfRange, "CURSOR_EXPIRED", 410),
        (Code::ResourceExhausted, "QUOTA", 429),
        (Code::Unavailable, "DATABASE_UNAVAILABLE", 503),
        (Code::Unavailable, "READ_ONLY", 503),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", 503),
        (Code::Unimplemented, "NOT_IMPLEMENTED", 501),
    ] {
        edge.peers.next(Outcome::Fails(refuse(code, reason, "what was said")));
        let reply = edge.send("POST", "/v1/tasks", r#"{"title":"x"}"#).await;
        assert_eq!(reply.refusal(), format!("{expected} {reason}"));
        assert_eq!(reply.json()["detail"], "what was said");
        is_problem(&reply);
        assert_eq!(
            reply.headers.contains_key("retry-after"),
            matches!(expected, 429 | 503),
            "{expected}"
        );
        assert_eq!(reply.headers.contains_key("www-authenticate"), expected == 401, "{expected}");
    }
}

#[tokio::test]
async fn nothing_internal_is_shown() {
    let edge = Edge::start().await;
    for outcome in [
        Outcome::Fails(refuse(Code::Internal, "INTERNAL", "the secret of the database")),
        Outcome::Fails(Status::unknown("the secret of the network")),
        Outcome::Fails(Status::unavailable("the secret of the network")),
        Outcome::Panics,
    ] {
        edge.peers.next(outcome);
        let reply = edge.get("/v1/me").await;
        assert!(reply.status >= 500);
        is_problem(&reply);
        assert!(!String::from_utf8_lossy(&reply.body).contains("secret"), "{reply:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let edge = Edge::start().await;
    for path in
        ["/", "/v1", "/v1/tasks/", "/v2/tasks", "/v1/tasks/7", "/v1/tasks/%ff", "/docs/nothing.js"]
    {
        let reply = edge.get(path).await;
        assert_eq!(reply.refusal(), "404 NOT_FOUND", "{path}");
        is_problem(&reply);
    }
    for (method, path, allow) in [
        ("DELETE", "/v1/tasks", "GET,HEAD,POST"),
        ("PUT", "/v1/auth/login", "POST"),
        ("OPTIONS", "/v1/trash", "GET,HEAD"),
    ] {
        let reply = edge.anonymous(method, path, &[], "").await;
        assert_eq!(
            (reply.refusal().as_str(), reply.header("allow")),
            ("405 METHOD_NOT_ALLOWED", allow)
        );
        is_problem(&reply);
    }
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_named_as_such() {
    let edge = Edge::start().await;
    let ask = async |authorization: String| {
        edge.anonymous("GET", "/v1/me", &[("authorization", &authorization)], "").await
    };
    let expired = token(&edge.key, uuid::Uuid::now_v7(), uuid::Uuid::now_v7(), -60);
    for (authorization, code, challenge) in [
        ("Basic YTpi".to_owned(), "TOKEN_MISSING", r#"Bearer realm="errand""#),
        (
            "Bearer x.y.z".to_owned(),
            "TOKEN_INVALID",
            r#"Bearer realm="errand", error="invalid_token""#,
        ),
        (
            format!("Bearer {expired}"),
            "TOKEN_EXPIRED",
            r#"Bearer realm="errand", error="invalid_token", error_description="expired""#,
        ),
    ] {
        let reply = ask(authorization).await;
        assert_eq!(
            (reply.refusal(), reply.header("www-authenticate")),
            (format!("401 {code}"), challenge)
        );
        is_problem(&reply);
    }
    assert_eq!(ask(format!("bearer  {}", edge.token)).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_not_waited_for() {
    let edge = Edge::start().await;
    edge.peers.next(Outcome::Takes(Duration::from_secs(30)));
    let began = std::time::Instant::now();
    let reply = edge.get(&format!("/v1/tasks/{ID}")).await;
    assert_eq!(reply.refusal(), "503 DEADLINE_EXCEEDED");
    is_problem(&reply);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_request_keeps_its_names_if_they_are_harmless() {
    let edge = Edge::start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let reply = edge
        .ask("GET", "/v1/me", &[("x-request-id", "mine-1"), ("traceparent", &parent)], "")
        .await;
    assert_eq!(reply.header("x-request-id"), "mine-1");
    assert!(reply.header("traceparent").starts_with(&format!("00-{trace}-")));
    let reply = edge
        .ask("GET", "/v1/me", &[("x-request-id", "no spaces"), ("traceparent", "00-x")], "")
        .await;
    assert!(uuid::Uuid::try_parse(reply.header("x-request-id")).is_ok());
}
