//! What clients ask for, as the services are asked for it.
use std::collections::BTreeSet;

use bytes::Bytes;

use crate::{
    contract::operations,
    edge::{Edge, ID},
};

/// Another id.
const OTHER: &str = "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b22";

/// Every operation of the document, what it says, and the call that it makes of it.
const CALLS: [(&str, &str, &str, &str); 30] = [
    ("POST", "/v1/auth/register", r#"{"email":"e","password":"p"}"#, "Register"),
    ("POST", "/v1/auth/login", r#"{"email":"e","password":"p"}"#, "Login"),
    ("POST", "/v1/auth/refresh", r#"{"refresh_token":"t"}"#, "Refresh"),
    ("POST", "/v1/auth/logout", "", "Logout"),
    ("GET", "/v1/me", "", "GetMe"),
    ("PATCH", "/v1/me", "{}", "UpdateMe"),
    ("DELETE", "/v1/me", r#"{"password":"p"}"#, "DeleteMe"),
    ("PUT", "/v1/me/password", r#"{"current_password":"p","new_password":"q"}"#, "ChangePassword"),
    ("GET", "/v1/sessions", "", "ListSessions"),
    ("DELETE", "/v1/sessions/{id}", "", "RevokeSession"),
    ("GET", "/v1/projects", "", "ListProjects"),
    ("POST", "/v1/projects", r#"{"name":"x"}"#, "CreateProject"),
    ("GET", "/v1/projects/{id}", "", "GetProject"),
    ("PATCH", "/v1/projects/{id}", "{}", "UpdateProject"),
    ("DELETE", "/v1/projects/{id}", "", "DeleteProject"),
    ("GET", "/v1/tasks", "", "ListTasks"),
    ("POST", "/v1/tasks", r#"{"title":"x"}"#, "CreateTask"),
    ("GET", "/v1/tasks/{id}", "", "GetTask"),
    ("PATCH", "/v1/tasks/{id}", "{}", "UpdateTask"),
    ("DELETE", "/v1/tasks/{id}", "", "DeleteTask"),
    ("POST", "/v1/tasks/{id}/complete", "", "CompleteTask"),
    ("POST", "/v1/tasks/{id}/reopen", "", "ReopenTask"),
    ("POST", "/v1/tasks/{id}/move", "{}", "MoveTask"),
    ("GET", "/v1/trash", "", "ListTrash"),
    ("POST", "/v1/trash/{id}/restore", "", "RestoreTrash"),
    ("DELETE", "/v1/trash/{id}", "", "PurgeTrash"),
    ("GET", "/v1/changes", "", "ListChanges"),
    ("GET", "/v1/changes/stream", "", "WatchChanges"),
    ("GET", "/v1/activity", "", "ListActivity"),
    ("GET", "/v1/usage", "", "GetUsage"),
];

/// What the edge answers by itself.
const ALONE: [&str; 3] = ["GET /.well-known/jwks.json", "GET /openapi.json", "GET /v1/limits"];

#[tokio::test]
async fn every_operation_asks_for_what_its_path_names() {
    let edge = Edge::start().await;
    let document = edge.anonymous("GET", "/openapi.json", &[], "").await.json();
    let known =
        CALLS.iter().map(|(method, path, ..)| format!("{method} {}", path.replace("{id}", ID)));
    let known: BTreeSet<_> = known.chain(ALONE.map(str::to_owned)).collect();
    let documented = operations(&document).into_iter();
    let documented: BTreeSet<_> =
        documented.map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(documented, known);
    for (method, path, body, call) in CALLS {
        let path = path.replace("{id}", ID);
        if call == "WatchChanges" {
            drop(
                edge.open(
                    method,
                    &path,
                    &[("authorization", &format!("Bearer {}", edge.token))],
                    Bytes::new(),
                )
                .await,
            );
        } else {
            let reply = edge.send(method, &path, body).await;
            assert!(reply.status < 300, "{method} {path}: {reply:?}");
        }
        let asked = edge.peers.last();
        assert_eq!(asked.name, call, "{method} {path}");
        let names = asked.message.contains(&format!("id: \"{ID}\""));
        assert_eq!(names, path.contains(ID), "{}", asked.message);
        let is_marked = asked.metadata.contains_key("idempotency-key");
        assert!(!is_marked || method != "GET", "{method} {path}");
        assert!(
            is_marked || method == "GET" || ["Login", "Refresh"].contains(&call),
            "{method} {path}"
        );
        assert_eq!(edge.peers.count(), 0, "{method} {path} asks once");
    }
    assert_eq!(edge.send("HEAD", &format!("/v1/tasks/{ID}"), "").await.status, 200);
    assert_eq!(edge.peers.last().name, "GetTask");
}

#[tokio::test]
async fn a_page_is_asked_for_as_the_query_says_wherever_there_are_pages() {
    let edge = Edge::start().await;
    for path in
        ["/v1/tasks", "/v1/projects", "/v1/trash", "/v1/changes", "/v1/activity", "/v1/sessions"]
    {
        assert_eq!(edge.get(&format!("{path}?limit=7&cursor=abc_-")).await.status, 200, "{path}");
        let message = edge.peers.last().message;
        assert!(message.contains("limit: 7") && message.contains("cursor: \"abc_-\""), "{message}");
        assert_eq!(edge.get(&format!("{path}?limit=0")).await.refusal(), "400 INVALID_QUERY");
        let message = edge.peers.last().message;
        assert!(message.contains("limit: 0"), "what cannot be read is not asked for: {message}");
    }
    edge.get("/v1/projects?archived=false").await;
    assert!(edge.peers.last().message.contains("archived: Some(false)"));
}

#[tokio::test]
async fn every_field_of_a_body_reaches_its_service() {
    let edge = Edge::start().await;
    let (one, other) = (ID, OTHER);
    let task = format!(
        r#"{{"id":"{one}","project_id":"{other}","parent_id":"{one}","title":"t","description":"d","status":"in_process",
            "priority":"medium","due":{{"datetime":"2026-09-01T09:00:00","time_zone":"Europe/Berlin"}},"labels":["a"],"estimate_minutes":5}}"#
    );
    let place = format!(r#"{{"parent_id":"{one}","before":"{other}"}}"#);
    let elsewhere = format!(r#"{{"project_id":"{one}","after":"{other}"}}"#);
    let moving = format!("/v1/tasks/{ID}/move");
    for (method, path, body, expected) in [
        (
            "POST",
            "/v1/tasks",
            task,
            format!(
                r#"CreateTaskRequest {{ id: Some("{one}"), project_id: Some("{other}"), parent_id: Some("{one}"), fields: Some(TaskFields {{ title: Some("t"), description: Some("d"), status: Some(InProcess), priority: Some(Medium), due: Some(Due {{ date: None, datetime: Some("2026-09-01T09:00:00"), time_zone: Some("Europe/Berlin") }}), labels: ["a"], estimate_minutes: Some(5) }}) }}"#
            ),
        ),
        (
            "POST",
            &moving,
            place,
            format!(
                r#"MoveTaskRequest {{ id: "{ID}", parent_id: Some("{one}"), project_id: None, before: Some("{other}"), after: None, if_version: None }}"#
            ),
        ),
        (
            "POST",
            &moving,
            elsewhere,
            format!(
                r#"MoveTaskRequest {{ id: "{ID}", parent_id: None, project_id: Some("{one}"), before: None, after: Some("{other}"), if_version: None }}"#
            ),
        ),
        (
            "POST",
            "/v1/projects",
            format!(r#"{{"id":"{one}","name":"Garden"}}"#),
            format!(r#"CreateProjectRequest {{ id: Some("{one}"), name: "Garden" }}"#),
        ),
    ] {
        let reply = edge.send(method, path, &body).await;
        assert!(reply.status < 300, "{method} {path}: {reply:?}");
        assert_eq!(edge.peers.last().message, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn every_field_of_an_account_reaches_its_service() {
    let edge = Edge::start().await;
    for (method, path, body, expected) in [
        (
            "POST",
            "/v1/auth/register",
            r#"{"email":"e","password":"p","name":"n","time_zone":"z"}"#,
            r#"RegisterRequest { email: "e", password: "p", name: Some("n"), time_zone: Some("z") }"#,
        ),
        (
            "PUT",
            "/v1/me/password",
            r#"{"current_password":"old","new_password":"new"}"#,
            r#"ChangePasswordRequest { current_password: "old", new_password: "new" }"#,
        ),
        (
            "POST",
            "/v1/auth/login",
            r#"{"email":"e","password":"p"}"#,
            r#"LoginRequest { email: "e", password: "p", device: Some(Device { address: "127.0.0.1", user_agent: "", token: "" }) }"#,
        ),
    ] {
        let reply = edge.send(method, path, body).await;
        assert!(reply.status < 300, "{method} {path}: {reply:?}");
        assert_eq!(edge.peers.last().message, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn each_field_of_a_patch_is_set_cleared_or_left_alone() {
    let edge = Edge::start().await;
    let (task, project) = (format!("/v1/tasks/{ID}"), format!("/v1/projects/{ID}"));
    for (path, field, value, told) in [
        (&*task, "title", r#""x""#, r#"title: Some("x")"#),
        (&task, "description", r#""x""#, r#"description: Some("x")"#),
        (&task, "status", r#""cancelled""#, "status: Some(Cancelled)"),
        (&task, "priority", r#""urgent""#, "priority: Some(Urgent)"),
        (&task, "due", r#"{"date":"2026-09-01"}"#, r#"due: Some(Due { date: Some("2026-09-01")"#),
        (&task, "labels", r#"["a","b"]"#, r#"labels: ["a", "b"]"#),
        (&task, "estimate_minutes", "7", "estimate_minutes: Some(7)"),
        (&project, "name", r#""x""#, r#"name: Some("x")"#),
        (&project, "archived", "false", "archived: Some(false)"),
        ("/v1/me", "name", r#""x""#, r#"name: Some("x")"#),
        ("/v1/me", "time_zone", r#""UTC""#, r#"time_zone: Some("UTC")"#),
    ] {
        for (value, told) in [(value, told.to_owned()), ("null", field.to_owned() + ": ")] {
            let body = format!("{{\"{field}\":{value}}}");
            let reply = edge.send("PATCH", path, &body).await;
            assert_eq!(reply.status, 200, "{path} {body}: {reply:?}");
            let message = edge.peers.last().message;
            assert!(message.contains(&format!("paths: [\"{field}\"]")), "{body}: {message}");
            assert!(message.contains(&told), "{told} in {message}");
            if value == "null" {
                let cleared = [format!("{field}: None"), format!("{field}: []")];
                assert!(cleared.iter().any(|cleared| message.contains(cleared)), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn an_id_has_one_form_and_what_is_none_names_nothing() {
    let edge = Edge::start().await;
    let reply = edge.get(&format!("/v1/tasks/{}", ID.to_uppercase())).await;
    assert_eq!(reply.status, 200);
    assert!(edge.peers.last().message.contains(ID), "it is asked for in lower case");
    let simple = ID.replace('-', "");
    for id in [&simple, &format!("%7B{ID}%7D"), &format!("urn:uuid:{ID}"), &ID[1..], "%00", "7"] {
        assert_eq!(edge.get(&format!("/v1/tasks/{id}")).await.refusal(), "404 NOT_FOUND", "{id}");
        let gone = edge.send("DELETE", &format!("/v1/sessions/{id}"), "").await;
        assert_eq!(gone.refusal(), "404 NOT_FOUND", "{id}");
    }
    assert_eq!(edge.peers.count(), 0);
}

#[tokio::test]
async fn a_reply_is_packed_for_those_who_want_it() {
    let edge = Edge::start().await;
    for (codings, packed) in [
        ("gzip", "gzip"),
        ("br, gzip;q=0.5", "gzip"),
        ("gzip;q=0", ""),
        ("identity, gzip;q=0", ""),
        ("br", ""),
        ("*", ""),
        ("", ""),
    ] {
        let reply = edge.ask("GET", "/v1/tasks", &[("accept-encoding", codings)], "").await;
        assert_eq!((reply.status, reply.header("content-encoding")), (200, packed), "{codings}");
    }
}

#[tokio::test]
async fn what_may_be_packed_says_so_to_caches_however_it_is_sent() {
    let edge = Edge::start().await;
    let task = format!("/v1/tasks/{ID}");
    for path in ["/openapi.json", "/v1/tasks", &task] {
        for codings in ["gzip", "identity", "br", ""] {
            let asks = [("accept-encoding", codings)];
            let reply = edge.ask("GET", path, &asks, "").await;
            assert_eq!((reply.status, reply.header("vary")), (200, "accept-encoding"), "{path}");
            assert_eq!(reply.headers.get_all("vary").iter().count(), 1, "{path} {codings}");
            let etag = reply.header("etag");
            if !etag.is_empty() {
                let asks = [asks[0], ("if-none-match", etag)];
                let had = edge.ask("GET", path, &asks, "").await;
                assert_eq!((had.status, had.header("vary")), (304, "accept-encoding"), "{path}");
            }
        }
    }
    for path in ["/docs", "/v1/nothing"] {
        assert_eq!(edge.get(path).await.header("vary"), "", "{path} is never packed");
    }
}
