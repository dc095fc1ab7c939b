//! How what is wrong with a body is told.
use kit_base::error::refuse;
use kit_process::config::Switch;
use tonic::{Code, Status};

use crate::{
    edge::{Edge, ID, Reply},
    peers::{Outcome, invalid},
};

#[tokio::test]
async fn every_fault_of_a_body_is_told_at_once() {
    let edge = Edge::start().await;
    let reply = edge
        .send(
            "POST",
            "/v1/tasks",
            r#"{"titel":"x","priority":"p1","due":{"day":"x"},"labels":[1]}"#,
        )
        .await;
    assert_eq!(reply.refusal(), "422 VALIDATION_FAILED");
    let faults = reply.json();
    let pointers: Vec<_> = faults["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/titel", "/title", "/priority", "/due/day", "/labels/0"]);
    assert_eq!(edge.peers.last().metadata.get("validate-only").unwrap(), "true");
    assert_eq!(edge.peers.count(), 0);
}

/// Where a reply says that something is wrong, and what.
fn told(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.refusal(), "422 VALIDATION_FAILED");
    reply.faults("pointer")
}

#[tokio::test]
async fn faults_of_the_rules_are_told_with_those_of_the_shape() {
    let edge = Edge::start().await;
    edge.peers.next(invalid(&[
        ("title", "TOO_LONG"),
        ("due.date", "DATE"),
        ("labels.1", "REQUIRED"),
    ]));
    let body = r#"{"title":"x","colour":"red","priority":7,"due":{"date":"soon"},"labels":["a",1,"b"],"title":"y"}"#;
    let reply = edge.send("POST", "/v1/tasks", body).await;
    let expected = [
        "/colour UNKNOWN_FIELD",
        "/title REPEATED_FIELD",
        "/priority WRONG_TYPE",
        "/labels/1 WRONG_TYPE",
        "/due/date DATE",
    ];
    assert_eq!(told(&reply), expected, "a place that is named is not named twice");
    assert_eq!(reply.json()["detail"], "5 fields are not acceptable");
    let call = edge.peers.last();
    assert_eq!(call.metadata.get("validate-only").unwrap(), "true");
    let rest = r#"title: Some("x"), description: None, status: None, priority: None, due: Some(Due { date: Some("soon"), datetime: None, time_zone: None }), labels: ["a", "", "b"]"#;
    assert!(call.message.contains(rest), "{}", call.message);
}

#[tokio::test]
async fn every_write_with_rules_is_looked_at_whole() {
    let edge = Edge::start().await;
    for (method, path, _) in writes() {
        let path = path.as_str();
        edge.peers.next(invalid(&[("of_the_rules", "WRONG")]));
        let reply = edge.send(method, path, r#"{"of_the_shape":1}"#).await;
        let faults = told(&reply);
        assert_eq!(faults.first().unwrap(), "/of_the_shape UNKNOWN_FIELD", "{method} {path}");
        assert_eq!(faults.last().unwrap(), "/of_the_rules WRONG", "{method} {path}");
        assert_eq!(edge.peers.last().metadata.get("validate-only").unwrap(), "true");
        let version = edge
            .ask(
                method,
                path,
                &[("content-type", "application/json"), ("if-match", "\"7\",\"8\"")],
                r#"{"of_the_shape":1}"#,
            )
            .await;
        if method == "PATCH" || path.ends_with("/move") {
            assert_eq!(version.status, 422);
            assert_eq!(edge.peers.last().metadata.get("validate-only").unwrap(), "true");
        } else {
            assert_eq!(version.status, 412, "{method} {path}: it has no version");
        }
        assert_eq!(edge.peers.count(), 0, "{method} {path}: asked once");
    }
}

#[tokio::test]
async fn a_fault_of_the_head_hides_none_of_the_body() {
    let edge = Edge::with(|config| config.rate_limit = Switch::Off).await;
    let json = ("content-type", "application/json");
    for (header, query, code) in [
        (("x-none", ""), "?colour=red", "INVALID_QUERY"),
        (("idempotency-key", "two words"), "", "INVALID_IDEMPOTENCY_KEY"),
        (("if-match", "7"), "", "INVALID_IF_MATCH"),
        (("if-none-match", "\"7\""), "", "INVALID_IF_NONE_MATCH"),
    ] {
        for (method, path, body) in writes() {
            edge.peers.next(invalid(&[("of_the_rules", "WRONG")]));
            let path = format!("{path}{query}");
            let reply = edge.ask(method, &path, &[json, header], body).await;
            assert_eq!(reply.refusal(), format!("400 {code}"), "{method} {path}");
            let problem = reply.json();
            let errors = problem["errors"].as_array().unwrap();
            let last = errors.last().unwrap();
            assert_eq!((errors.len(), &last["pointer"]), (2, &"/of_the_rules".into()), "{problem}");
            assert_eq!(problem["detail"], "2 parts of the request are not acceptable");
            let call = edge.peers.last();
            assert_eq!(call.metadata.get("validate-only").unwrap(), "true", "{method} {path}");
            // A service that finds nothing more has done nothing, and the head is as it was.
            let reply = edge.ask(method, &path, &[json, header], body).await;
            assert_eq!(reply.refusal(), format!("400 {code}"), "{method} {path}");
            assert_eq!(edge.peers.last().metadata.get("validate-only").unwrap(), "true");
        }
    }
    assert_eq!(edge.peers.count(), 0);
}

/// Every write whose service has rules for what it says, with what has no fault by its shape.
fn writes() -> [(&'static str, String, &'static str); 9] {
    let (task, project) = (format!("/v1/tasks/{ID}"), format!("/v1/projects/{ID}"));
    let passwords = r#"{"current_password":"correct horse","new_password":"another horse"}"#;
    let registration = r#"{"email":"ada@example.org","password":"correct horse","name":"Ada"}"#;
    [
        ("POST", "/v1/tasks".to_owned(), r#"{"title":"x"}"#),
        ("PATCH", task.clone(), r#"{"title":"x"}"#),
        ("POST", format!("{task}/move"), "{}"),
        ("POST", "/v1/projects".to_owned(), r#"{"name":"x"}"#),
        ("PATCH", project, r#"{"name":"x"}"#),
        ("PATCH", "/v1/me".to_owned(), r#"{"name":"x"}"#),
        ("DELETE", "/v1/me".to_owned(), r#"{"password":"correct horse"}"#),
        ("PUT", "/v1/me/password".to_owned(), passwords),
        ("POST", "/v1/auth/register".to_owned(), registration),
    ]
}

#[tokio::test]
async fn the_faults_of_a_body_are_told_whatever_the_service_says() {
    let edge = Edge::start().await;
    for outcome in [
        Outcome::Fails(refuse(Code::NotFound, "TASK_NOT_FOUND", "gone")),
        Outcome::Fails(refuse(Code::Unauthenticated, "SESSION_ENDED", "ended")),
        Outcome::Fails(Status::unavailable("down")),
        Outcome::Panics,
        Outcome::Replays,
        invalid(&[]),
    ] {
        edge.peers.next(outcome);
        let reply = edge.send("PATCH", &format!("/v1/tasks/{ID}"), r#"{"titel":"x"}"#).await;
        assert_eq!(told(&reply), ["/titel UNKNOWN_FIELD"]);
        assert_eq!((reply.header("etag"), reply.header("idempotency-replayed")), ("", ""));
    }
}

#[tokio::test]
async fn what_is_no_object_or_only_signs_in_is_refused_by_the_edge() {
    let edge = Edge::start().await;
    for body in ["[]", "null", "\"title\"", "7"] {
        assert_eq!(told(&edge.send("POST", "/v1/tasks", body).await), [" WRONG_TYPE"]);
    }
    let login = r#"{"email":"ada@example.org","password":"correct horse","extra":1}"#;
    assert_eq!(told(&edge.send("POST", "/v1/auth/login", login).await), ["/extra UNKNOWN_FIELD"]);
    let refresh = r#"{"refresh_token":"r","extra":1}"#;
    assert_eq!(
        told(&edge.send("POST", "/v1/auth/refresh", refresh).await),
        ["/extra UNKNOWN_FIELD"]
    );
    let complete = format!("/v1/tasks/{ID}/complete");
    assert_eq!(told(&edge.send("POST", &complete, r#"{"x":1}"#).await), ["/x UNKNOWN_FIELD"]);
    assert_eq!(edge.peers.count(), 0);
}
