//! Who may do what: every operation of the API × {anonymous, other user, owner, revoked session} × {own, foreign, missing}.
//!
//! The operations come from /openapi.json. One that has no row in [`ROWS`] fails the test, and so does a row without its operation.
use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    http::{Ask, Http, Reply},
    user::{PASSWORD, User, path_of, text},
};

everywhere!(every_operation_lets_in_whom_it_should_and_nobody_else);

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// Anyone may ask.
    Anyone,
    /// The caller's own; there is no id in the path.
    Caller,
    /// An object by its id.
    Task,
    Project,
    Trashed,
    Session,
}

/// An operation, what it is about, the body that makes it succeed, and what it then answers.
type Row = (&'static str, &'static str, About, Option<fn() -> Value>, u16);

const ROWS: &[Row] = &[
    (
        "POST",
        "/v1/auth/register",
        About::Anyone,
        Some(
            || json!({ "email": format!("{}@example.com", uuid::Uuid::now_v7()), "password": PASSWORD }),
        ),
        201,
    ),
    (
        "POST",
        "/v1/auth/login",
        About::Anyone,
        Some(|| json!({ "email": "nobody@example.com", "password": PASSWORD })),
        401,
    ),
    ("POST", "/v1/auth/refresh", About::Anyone, Some(|| json!({ "refresh_token": "none" })), 401),
    ("POST", "/v1/auth/logout", About::Caller, None, 204),
    ("GET", "/v1/me", About::Caller, None, 200),
    ("DELETE", "/v1/me", About::Caller, Some(|| json!({ "password": PASSWORD })), 204),
    ("PATCH", "/v1/me", About::Caller, Some(|| json!({ "name": "me" })), 200),
    (
        "PUT",
        "/v1/me/password",
        About::Caller,
        Some(|| json!({ "current_password": PASSWORD, "new_password": "another Horse 8 battery" })),
        204,
    ),
    ("GET", "/v1/sessions", About::Caller, None, 200),
    ("DELETE", "/v1/sessions/{id}", About::Session, None, 204),
    ("POST", "/v1/projects", About::Caller, Some(|| json!({ "name": "x" })), 201),
    ("GET", "/v1/projects", About::Caller, None, 200),
    ("GET", "/v1/projects/{id}", About::Project, None, 200),
    ("PATCH", "/v1/projects/{id}", About::Project, Some(|| json!({ "name": "y" })), 200),
    ("DELETE", "/v1/projects/{id}", About::Project, None, 204),
    ("POST", "/v1/tasks", About::Caller, Some(|| json!({ "title": "x" })), 201),
    ("GET", "/v1/tasks", About::Caller, None, 200),
    ("GET", "/v1/tasks/{id}", About::Task, None, 200),
    ("PATCH", "/v1/tasks/{id}", About::Task, Some(|| json!({ "title": "y" })), 200),
    ("DELETE", "/v1/tasks/{id}", About::Task, None, 204),
    ("POST", "/v1/tasks/{id}/complete", About::Task, None, 200),
    ("POST", "/v1/tasks/{id}/reopen", About::Task, None, 200),
    ("POST", "/v1/tasks/{id}/move", About::Task, Some(|| json!({})), 200),
    ("GET", "/v1/trash", About::Caller, None, 200),
    ("POST", "/v1/trash/{id}/restore", About::Trashed, None, 200),
    ("DELETE", "/v1/trash/{id}", About::Trashed, None, 204),
    ("GET", "/v1/changes", About::Caller, None, 200),
    ("GET", "/v1/changes/stream", About::Caller, None, 200),
    ("GET", "/v1/activity", About::Caller, None, 200),
    ("GET", "/v1/usage", About::Caller, None, 200),
    ("GET", "/v1/limits", About::Anyone, None, 200),
    ("GET", "/.well-known/jwks.json", About::Anyone, None, 200),
    ("GET", "/openapi.json", About::Anyone, None, 200),
    ("GET", "/docs", About::Anyone, None, 200),
];

/// What the document may leave out: it describes itself.
const UNDOCUMENTED: [&str; 2] = ["GET /openapi.json", "GET /docs"];

async fn every_operation_lets_in_whom_it_should_and_nobody_else(app: &App) {
    let documented = documented(&app.http).await;
    let rows: BTreeMap<String, &Row> =
        ROWS.iter().map(|row| (format!("{} {}", row.0, row.1), row)).collect();
    let without_row: Vec<_> =
        documented.iter().filter(|operation| !rows.contains_key(*operation)).collect();
    assert!(without_row.is_empty(), "operations without a row: {without_row:?}");
    let undocumented: Vec<_> = rows
        .keys()
        .filter(|row| !documented.contains(*row) && !UNDOCUMENTED.contains(&row.as_str()))
        .collect();
    assert!(undocumented.is_empty(), "rows without an operation: {undocumented:?}");
    let revoked = signed_out(app).await;
    for row in rows.values() {
        match row.2 {
            About::Anyone => open_to_anyone(app, row).await,
            _ => closed_to_others(app, row, &revoked).await,
        }
    }
}

/// `GET /v1/tasks/{id}` and its like, with every parameter called `id`.
async fn documented(http: &Http) -> BTreeSet<String> {
    let document = http.get("/openapi.json").await.expect(200);
    assert!(text(&document["openapi"]).starts_with("3.1"), "{}", document["openapi"]);
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "{id}" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        for method in methods.as_object().expect("methods").keys().filter(|key| is_method(key)) {
            operations.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    operations
}

fn is_method(key: &str) -> bool {
    ["get", "put", "post", "delete", "patch", "head", "options"].contains(&key)
}

async fn open_to_anyone(app: &App, row: &Row) {
    let (.., expected) = row;
    let reply = ask(&app.http, None, row, "").await;
    assert_eq!(reply.status.as_u16(), *expected, "anyone: {row:?}: {reply:?}");
}

async fn closed_to_others(app: &App, row: &Row, revoked: &User) {
    let (_, _, about, _, expected) = row;
    let (owner, other) = (app.user("owner").await, app.user("other").await);
    let own = object_of(&owner, *about).await;
    let missing = uuid::Uuid::now_v7().to_string();
    for id in [&own, &missing] {
        let reply = ask(&app.http, None, row, id).await;
        assert_eq!(reply.status, 401, "anonymous: {row:?}: {reply:?}");
        let reply = ask(&app.http, Some(revoked), row, id).await;
        assert_eq!(reply.status, 401, "revoked session: {row:?}: {reply:?}");
    }
    if *about != About::Caller {
        for id in [&own, &missing] {
            let reply = ask(&app.http, Some(&other), row, id).await;
            assert_eq!(reply.status, 404, "other user: {row:?}: {reply:?}");
        }
        let reply = ask(&app.http, Some(&owner), row, &missing).await;
        assert_eq!(reply.status, 404, "owner, missing: {row:?}: {reply:?}");
    }
    let reply = ask(&app.http, Some(&owner), row, &own).await;
    assert_eq!(reply.status.as_u16(), *expected, "owner: {row:?}: {reply:?}");
}

/// Each operation by nobody, about what is not there, and as it goes well.
pub(crate) async fn walk(http: &Http) {
    for row in ROWS {
        let owner = User::joins(http, "walker").await;
        let own = object_of(&owner, row.2).await;
        drop(ask(http, None, row, &own).await);
        drop(ask(http, Some(&owner), row, &uuid::Uuid::now_v7().to_string()).await);
        let owner = User::joins(http, "walker").await;
        let own = object_of(&owner, row.2).await;
        assert_eq!(ask(http, Some(&owner), row, &own).await.status.as_u16(), row.4, "{row:?}");
    }
}

/// The id of something that `user` has.
async fn object_of(user: &User, about: About) -> String {
    let object = match about {
        About::Task => user.creates("x").await,
        About::Project => user.creates_project("x").await,
        About::Trashed => {
            let task = user.creates("x").await;
            user.delete(&path_of(&task)).await.expect(204);
            task
        }
        About::Session => {
            user.signs_in_again().await;
            let sessions = user.reads_all("/v1/sessions").await;
            sessions
                .into_iter()
                .find(|session| session["current"] == false)
                .expect("the other session")
        }
        About::Caller | About::Anyone => return String::new(),
    };
    text(&object["id"]).to_owned()
}

/// Someone whose session ended, known everywhere.
async fn signed_out(app: &App) -> User {
    let user = app.user("revoked").await;
    user.does("/v1/auth/logout").await.expect(204);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    user
}

/// The answer to the row's operation on the object of that id; of a stream, its head.
async fn ask(http: &Http, user: Option<&User>, row: &Row, id: &str) -> Reply {
    let (method, path, _, body, _) = row;
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let path = path.replace("{id}", id);
    let mut ask: Ask = match user {
        Some(user) => user.ask(method, &path),
        None => http.ask(method, &path),
    };
    if let Some(body) = body {
        ask = ask.json(&body());
    }
    if !path.ends_with("/stream") {
        return ask.await;
    }
    let (head, _) = ask.begin().await.expect("an answer").into_parts();
    Reply { status: head.status, headers: head.headers, body: bytes::Bytes::new() }
}
