//! What is someone else's is not there.
use http::Method;
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    http::Reply,
    user::{User, path_of, text},
};

everywhere!(
    what_is_anothers_cannot_be_told_from_what_is_not_there,
    a_write_cannot_point_at_what_is_anothers,
    lists_hold_ones_own_alone
);

async fn what_is_anothers_cannot_be_told_from_what_is_not_there(app: &App) {
    let (alice, mallory) = (app.user("alice").await, app.user("mallory").await);
    let (task, project) = (alice.creates("secret").await, alice.creates_project("secret").await);
    let trashed = alice.creates("secret too").await;
    alice.delete(&path_of(&trashed)).await.expect(204);
    let session = alice.reads_all("/v1/sessions").await[0].clone();

    let places = [
        ("/v1/tasks/{id}", &task, vec![Method::GET, Method::PATCH, Method::DELETE]),
        ("/v1/tasks/{id}/complete", &task, vec![Method::POST]),
        ("/v1/tasks/{id}/reopen", &task, vec![Method::POST]),
        ("/v1/tasks/{id}/move", &task, vec![Method::POST]),
        ("/v1/projects/{id}", &project, vec![Method::GET, Method::PATCH, Method::DELETE]),
        ("/v1/trash/{id}", &trashed, vec![Method::DELETE]),
        ("/v1/trash/{id}/restore", &trashed, vec![Method::POST]),
        ("/v1/sessions/{id}", &session, vec![Method::DELETE]),
    ];
    for (place, of_alice, methods) in places {
        for method in methods {
            let foreign = ask(&mallory, &method, place, text(&of_alice["id"])).await;
            let missing = ask(&mallory, &method, place, &uuid::Uuid::now_v7().to_string()).await;
            assert_eq!(foreign.status, 404, "{method} {place}");
            assert_eq!(shape(&foreign), shape(&missing), "{method} {place}");
        }
    }
    assert_eq!(alice.reads(&path_of(&task)).await, task);
}

async fn ask(user: &User, method: &Method, place: &str, id: &str) -> Reply {
    let ask = user.ask(method.clone(), &place.replace("{id}", id));
    match (method, place.rsplit('/').next()) {
        (&Method::PATCH, _) if place.contains("projects") => {
            ask.json(&json!({ "name": "mine now" }))
        }
        (&Method::PATCH, _) => ask.json(&json!({ "title": "mine now" })),
        (_, Some("move")) => ask.json(&json!({})),
        _ => ask,
    }
    .await
}

/// An answer without what differs between any two.
fn shape(reply: &Reply) -> (u16, Vec<String>, Value) {
    let mut problem = reply.json();
    let fields = problem.as_object_mut().expect("a problem");
    fields.retain(|name, _| {
        !["traceId", "timestamp", "instance", "requestId"].contains(&name.as_str())
    });
    let mut headers: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    (reply.status.as_u16(), headers, problem)
}

async fn a_write_cannot_point_at_what_is_anothers(app: &App) {
    let (alice, mallory) = (app.user("alice").await, app.user("mallory").await);
    let (task, project) = (alice.creates("parent").await, alice.creates_project("place").await);
    let mine = mallory.creates("mine").await;
    let tries = [
        ("/v1/tasks".to_owned(), json!({ "title": "x", "project_id": project["id"] })),
        ("/v1/tasks".to_owned(), json!({ "title": "x", "parent_id": task["id"] })),
        (format!("{}/move", path_of(&mine)), json!({ "project_id": project["id"] })),
        (format!("{}/move", path_of(&mine)), json!({ "parent_id": task["id"] })),
        (format!("{}/move", path_of(&mine)), json!({ "after": task["id"] })),
    ];
    for (path, body) in tries {
        let reply = mallory.post(&path, &body).await;
        assert!([404, 422].contains(&reply.status.as_u16()), "{path} {body}: {reply:?}");
    }
    assert_eq!(alice.reads_all("/v1/tasks").await, [task]);
}

async fn lists_hold_ones_own_alone(app: &App) {
    let (alice, mallory) = (app.user("alice").await, app.user("mallory").await);
    let (task, project) = (alice.creates("secret").await, alice.creates_project("secret").await);
    for path in
        ["/v1/tasks", "/v1/projects", "/v1/trash", "/v1/activity", "/v1/changes", "/v1/sessions"]
    {
        let seen = mallory.reads(path).await.to_string();
        assert!(
            !seen.contains(text(&task["id"])) && !seen.contains(text(&project["id"])),
            "{path}"
        );
    }
    let filtered = mallory.get(&format!("/v1/tasks?project_id={}", text(&project["id"]))).await;
    assert!(filtered.status == 404 || filtered.json()["items"] == json!([]), "{filtered:?}");
}
