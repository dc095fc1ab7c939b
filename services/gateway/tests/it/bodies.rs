use crate::edge::{Edge, ID};

mod faults;

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
