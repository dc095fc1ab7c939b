use kit_base::error::refuse;
use tonic::{Code, Status};

use crate::{
    edge::{Edge, ID, Reply},
    peers::{Outcome, invalid},
};

#[tokio::test]
async fn a_task_is_created_as_it_was_asked_for() {
    let edge = Edge::start().await;
    let body = r#"{"title":"Buy milk","priority":"urgent","due":{"date":"2026-09-01"},"labels":["errands"]}"#;
    let reply = edge.send("POST", "/v1/tasks", body).await;
    assert_eq!(
        (reply.status, reply.header("etag"), reply.header("location")),
        (201, "\"7\"", &*format!("/v1/tasks/{ID}"))
    );
    let json = reply.json();
    assert_eq!((&json["status"], &json["priority"]), (&"needs_action".into(), &"urgent".into()));
    assert_eq!(
        (&json["due"], &json["parent_id"]),
        (&serde_json::json!({"date": "2026-09-01"}), &serde_json::Value::Null)
    );
    assert_eq!(json["created_at"], "2026-09-01T09:00:00.5Z");
    let call = edge.peers.last();
    assert_eq!(call.name, "CreateTask");
    let fields = "fields: Some(TaskFields { title: Some(\"Buy milk\"), description: None, status: None, priority: Some(Urgent), \
        due: Some(Due { date: Some(\"2026-09-01\"), datetime: None, time_zone: None }), labels: [\"errands\"], estimate_minutes: None })";
    assert!(call.message.contains(fields), "{}", call.message);
}

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
    let problem = reply.json();
    let faults = problem["errors"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    faults.map(|one| format!("{} {}", text(&one["pointer"]), text(&one["code"]))).collect()
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
    let edge = Edge::start().await;
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

#[tokio::test]
async fn a_client_does_not_decide_what_is_only_validated() {
    let edge = Edge::start().await;
    let headers = [("content-type", "application/json"), ("validate-only", "true")];
    assert_eq!(edge.ask("POST", "/v1/tasks", &headers, r#"{"title":"x"}"#).await.status, 201);
    assert!(edge.peers.last().metadata.get("validate-only").is_none());
}

#[tokio::test]
async fn what_cannot_be_parsed_never_reaches_a_service() {
    let edge = Edge::start().await;
    assert_eq!(edge.send("POST", "/v1/tasks", "{\"title\":").await.refusal(), "400 MALFORMED_JSON");
    for media in
        ["text/plain", "application/json; charset=latin1", "application/merge-patch+json", ""]
    {
        let reply =
            edge.ask("POST", "/v1/tasks", &[("content-type", media)], r#"{"title":"x"}"#).await;
        assert_eq!(reply.refusal(), "415 UNSUPPORTED_MEDIA_TYPE", "{media}");
    }
    let packed = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let reply = edge.ask("POST", "/v1/tasks", &packed, r#"{"title":"x"}"#).await;
    assert_eq!(reply.refusal(), "415 UNSUPPORTED_CONTENT_ENCODING");
    assert_eq!(edge.peers.count(), 0);
    let reply = edge
        .ask(
            "POST",
            "/v1/tasks",
            &[("content-type", "Application/JSON; charset=\"UTF-8\"")],
            r#"{"title":"x"}"#,
        )
        .await;
    assert_eq!(reply.status, 201);
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    let edge = Edge::with(|config| config.body_limit = 1_000).await;
    for (size, status) in [(999, 201), (1_000, 201), (1_001, 413)] {
        let title = "x".repeat(size - r#"{"title":""}"#.len());
        let reply = edge.send("POST", "/v1/tasks", &format!("{{\"title\":\"{title}\"}}")).await;
        assert_eq!(reply.status, status, "{size}");
    }
}

#[tokio::test]
async fn a_patch_names_what_is_there_and_nothing_else() {
    let edge = Edge::start().await;
    let path = format!("/v1/tasks/{ID}");
    for (body, mask) in [
        ("{}", "[]"),
        (r#"{"title":"x"}"#, r#"["title"]"#),
        (r#"{"labels":null,"due":null,"status":"completed"}"#, r#"["status", "due", "labels"]"#),
    ] {
        let reply = edge
            .ask("PATCH", &path, &[("content-type", "application/merge-patch+json")], body)
            .await;
        assert_eq!((reply.status, reply.header("etag")), (200, "\"7\""));
        let message = edge.peers.last().message;
        assert!(
            message.contains(&format!("update_mask: Some(FieldMask {{ paths: {mask} }})")),
            "{message}"
        );
    }
    let reply = edge.send("PATCH", "/v1/me", r#"{"name":null}"#).await;
    assert_eq!(reply.status, 200);
    let message = edge.peers.last().message;
    assert!(message.contains(r#"paths: ["name"] }), name: None, time_zone: None"#), "{message}");
    edge.send("PATCH", &format!("/v1/projects/{ID}"), r#"{"archived":true}"#).await;
    assert!(
        edge.peers
            .last()
            .message
            .contains(r#"paths: ["archived"] }), name: None, archived: Some(true)"#)
    );
}

#[tokio::test]
async fn an_action_takes_no_body_or_an_empty_object() {
    let edge = Edge::start().await;
    let path = format!("/v1/tasks/{ID}/complete");
    assert_eq!(edge.ask("POST", &path, &[], "").await.status, 200);
    assert_eq!(edge.send("POST", &path, "{}").await.status, 200);
    assert_eq!(
        edge.send("POST", &path, r#"{"force":true}"#).await.refusal(),
        "422 VALIDATION_FAILED"
    );
}

#[tokio::test]
async fn the_body_is_not_waited_for_when_the_user_is_unknown() {
    let edge = Edge::start().await;
    assert_eq!(
        edge.anonymous("POST", "/v1/tasks", &[("content-type", "text/plain")], "{").await.refusal(),
        "401 TOKEN_MISSING"
    );
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let edge = Edge::start().await;
    let bearer = format!("Bearer {}", edge.token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("content-length", "100"),
    ];
    let reply = edge.half("POST", "/v1/tasks", &headers, "{").await;
    assert!(reply.starts_with("HTTP/1.1 408") && reply.contains("BODY_TIMEOUT"), "{reply}");
}
