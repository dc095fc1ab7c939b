//! What comes in is taken strictly: what is not understood is refused, all of it at once, and nothing is half-written.
use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    user::{PASSWORD, User, path_of},
};

everywhere!(
    an_unknown_field_is_refused_by_its_pointer,
    every_fault_is_named_at_once,
    what_is_unknown_and_what_breaks_a_rule_are_told_together,
    a_label_with_a_comma_can_be_asked_for,
    what_cannot_be_parsed_is_a_bad_request,
    another_content_type_is_refused,
    a_body_that_is_too_large_is_refused,
    an_unknown_query_parameter_is_refused,
    a_broken_cursor_is_refused,
    a_method_that_is_not_there_is_told_which_are,
    a_path_that_is_not_there_is_a_problem_too,
    every_answer_can_be_traced,
);

/// The JSON pointers of what is wrong.
fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["pointer"].as_str())
        .collect()
}

async fn an_unknown_field_is_refused_by_its_pointer(app: &App) {
    let alice = app.user("alice").await;
    let problem =
        alice.post("/v1/tasks", &json!({ "title": "x", "colour": "red" })).await.expect(422);
    assert_eq!(pointers(&problem), ["/colour"]);
    let problem = alice
        .post("/v1/tasks", &json!({ "title": "x", "due": { "day": "2026-09-01" } }))
        .await
        .expect(422);
    assert!(pointers(&problem).contains(&"/due/day"), "{problem}");
    let repeated = r#"{"title": "one", "title": "two"}"#;
    let problem = alice.does("/v1/tasks").text("application/json", repeated).await.expect(422);
    assert_eq!(pointers(&problem), ["/title"]);
    assert_eq!(alice.reads_all("/v1/tasks").await.len(), 0, "nothing was written");
}

async fn every_fault_is_named_at_once(app: &App) {
    let alice = app.user("alice").await;
    let task = json!({ "title": "", "priority": "extreme", "due": { "date": "2026-02-30" }, "colour": "red" });
    let problem = alice.post("/v1/tasks", &task).await.expect(422);
    let pointers = pointers(&problem);
    assert!(pointers.contains(&"/priority") && pointers.contains(&"/colour"), "{problem}");

    let task = json!({ "title": "", "due": { "date": "2026-02-30" }, "labels": [""] });
    let problem = alice.post("/v1/tasks", &task).await.expect(422);
    let pointers = self::pointers(&problem);
    assert!(
        pointers.contains(&"/title") && pointers.iter().any(|pointer| pointer.starts_with("/due")),
        "{problem}"
    );
    assert!(pointers.iter().any(|pointer| pointer.starts_with("/labels")), "{problem}");
}

async fn what_is_unknown_and_what_breaks_a_rule_are_told_together(app: &App) {
    let alice = app.user("alice").await;
    let (task, project) = (alice.creates("x").await, alice.creates_project("x").await);
    let project = format!("/v1/projects/{}", project["id"].as_str().expect("an id"));
    let known = || async {
        let feed = alice.reads("/v1/changes").await;
        (alice.reads("/v1/me").await, alice.reads_all("/v1/tasks").await, feed)
    };
    let before = known().await;
    let email = format!("{}@example.com", uuid::Uuid::now_v7());
    let mut tried = BTreeSet::new();
    for (method, path, mut body, places) in
        faulty(&path_of(&task), &project, &task["project_id"], &email)
    {
        body["colour"] = "red".into();
        let problem = alice.ask(method.clone(), &path).json(&body).await.expect(422);
        let mut told = pointers(&problem);
        told.sort_unstable();
        let mut all = [places, &["/colour"]].concat();
        all.sort_unstable();
        assert_eq!(told, all, "{method} {path}: {problem}");
        tried.insert(format!("{method} {}", template(&path)));
    }
    // Of these two no rule asks more than that they are texts.
    tried.extend(["/v1/auth/login", "/v1/auth/refresh"].map(|path| format!("POST {path}")));
    assert_eq!(tried, with_a_body(&alice.reads("/openapi.json").await), "each of them is tried");
    assert_eq!(known().await, before, "nothing was written");
    alice.signs_in_again().await;
    let credentials = json!({ "email": email, "password": PASSWORD });
    alice.http.post("/v1/auth/register", &credentials).await.expect(201);
}

/// The path of an operation, as the document has it.
fn template(path: &str) -> String {
    let part = |part| if uuid::Uuid::try_parse(part).is_ok() { "{id}" } else { part };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The operations that read a body.
fn with_a_body(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        let reading = methods.filter(|(_, operation)| operation.get("requestBody").is_some());
        reading.map(move |(method, _)| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

/// Requests with more than one fault, and where each of them is.
fn faulty(
    task: &str,
    project: &str,
    inbox: &Value,
    email: &str,
) -> Vec<(Method, String, Value, &'static [&'static str])> {
    let (post, patch, put) = (Method::POST, Method::PATCH, Method::PUT);
    let delete = Method::DELETE;
    let (long, soon) = ("x".repeat(501), json!({ "date": "soon" }));
    let nobody = uuid::Uuid::now_v7();
    let short = json!({ "email": email, "password": "short", "name": " ", "time_zone": "Mars" });
    let requests: [(&Method, &str, Value, &'static [&'static str]); 16] = [
        (&post, "/v1/tasks", json!({ "title": long, "due": soon }), &["/title", "/due/date"]),
        (&patch, task, json!({ "title": long, "due": soon }), &["/title", "/due/date"]),
        (&post, "/v1/projects", json!({ "name": long }), &["/name"]),
        (&patch, project, json!({ "name": long, "archived": true }), &["/name"]),
        (&post, "/v1/auth/register", short, &["/password", "/name", "/time_zone"]),
        (&patch, "/v1/me", json!({ "name": " ", "time_zone": "Mars" }), &["/name", "/time_zone"]),
        (&patch, "/v1/me", json!({ "name": format!("{long}\n{long}") }), &["/name", "/name"]),
        (
            &post,
            "/v1/tasks",
            json!({ "title": "x", "due": { "date": "bad", "datetime": "bad", "time_zone": "bad" } }),
            &["/due", "/due/date", "/due/datetime", "/due/time_zone"],
        ),
        (&post, "/v1/tasks", json!({ "title": "x", "due": { "date": 5 } }), &["/due/date"]),
        (
            &post,
            "/v1/tasks",
            json!({ "title": "x", "due": { "date": 5, "time_zone": "bad" } }),
            &["/due/date", "/due/time_zone"],
        ),
        (
            &post,
            &format!("{task}/move"),
            json!({ "parent_id": "x", "project_id": inbox }),
            &["/parent_id", "/project_id"],
        ),
        (
            &post,
            "/v1/tasks",
            json!({ "title": "", "parent_id": nobody, "project_id": nobody }),
            &["/title", "/parent_id", "/project_id"],
        ),
        (&post, "/v1/tasks", json!({ "title": "x", "parent_id": nobody }), &["/parent_id"]),
        (
            &post,
            &format!("{task}/move"),
            json!({ "parent_id": nobody, "before": nobody }),
            &["/parent_id", "/before"],
        ),
        (
            &put,
            "/v1/me/password",
            json!({ "current_password": "wrong", "new_password": "short" }),
            &["/current_password", "/new_password"],
        ),
        (&delete, "/v1/me", json!({ "password": "wrong" }), &["/password"]),
    ];
    requests
        .map(|(method, path, body, places)| (method.clone(), path.to_owned(), body, places))
        .into()
}

async fn a_label_with_a_comma_can_be_asked_for(app: &App) {
    let alice = app.user("alice").await;
    let with = |labels: Value| json!({ "title": labels.to_string(), "labels": labels });
    alice.creates_task(with(json!(["bread, butter"]))).await;
    alice.creates_task(with(json!(["bread", "butter"]))).await;
    for (query, titles) in [
        ("label=Bread%2C%20butter", [r#"["bread, butter"]"#]),
        ("label=bread,butter", [r#"["bread","butter"]"#]),
        ("label=bread&label=butter", [r#"["bread","butter"]"#]),
    ] {
        let found = alice.reads_all(&format!("/v1/tasks?{query}")).await;
        let found: Vec<_> = found.iter().map(|task| &task["title"]).collect();
        assert_eq!(found, titles, "{query}");
    }
}

async fn what_cannot_be_parsed_is_a_bad_request(app: &App) {
    let alice = app.user("alice").await;
    for broken in ["", "{", r#"{"title": }"#, "\u{0}"] {
        let reply = alice.does("/v1/tasks").text("application/json", broken).await;
        assert_eq!(reply.status, 400, "{broken:?}: {reply:?}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        alice.does("/v1/tasks").text("application/json", deep).await.status.as_u16() / 100,
        4
    );
}

async fn another_content_type_is_refused(app: &App) {
    let alice = app.user("alice").await;
    let reply = alice.does("/v1/tasks").text("text/plain", r#"{"title": "x"}"#).await;
    assert_eq!(reply.status, 415, "{reply:?}");
}

async fn a_body_that_is_too_large_is_refused(app: &App) {
    let alice = app.user("alice").await;
    let task = json!({ "title": "x", "description": "y".repeat(300 << 10) });
    assert_eq!(alice.post("/v1/tasks", &task).await.status, 413);
}

async fn an_unknown_query_parameter_is_refused(app: &App) {
    let alice = app.user("alice").await;
    for query in ["colour=red", "limit=many", "order_by=colour", "status=nearly"] {
        let reply = alice.get(&format!("/v1/tasks?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {reply:?}");
    }
}

async fn a_broken_cursor_is_refused(app: &App) {
    let alice = app.user("alice").await;
    for number in 0..3 {
        alice.creates(&format!("task {number}")).await;
    }
    let page = alice.reads("/v1/tasks?limit=1").await;
    let cursor = page["next_cursor"].as_str().expect("a second page");
    for wrong in ["x".to_owned(), cursor[1..].to_owned(), format!("{cursor}{cursor}")] {
        alice
            .get(&format!("/v1/tasks?limit=1&cursor={wrong}"))
            .await
            .refuses(400, "INVALID_CURSOR");
    }
    let of_another_query = format!("/v1/tasks?limit=1&order_by=created_at&cursor={cursor}");
    alice.get(&of_another_query).await.refuses(400, "CURSOR_MISMATCH");
}

async fn a_method_that_is_not_there_is_told_which_are(app: &App) {
    let alice = app.user("alice").await;
    let task = alice.creates("x").await;
    let reply = alice.put(&path_of(&task), &json!({})).await;
    assert_eq!(reply.status, 405);
    let allowed: Vec<&str> = reply.header("allow").split(',').map(str::trim).collect();
    assert!(
        ["GET", "PATCH", "DELETE"].iter().all(|method| allowed.contains(method)),
        "{allowed:?}"
    );
}

async fn a_path_that_is_not_there_is_a_problem_too(app: &App) {
    let alice = app.user("alice").await;
    let problem = alice.get("/v1/nothing").await.expect(404);
    assert!(problem["code"].is_string() && problem["traceId"].is_string(), "{problem}");
}

async fn every_answer_can_be_traced(app: &App) {
    let alice = app.user("alice").await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let ask =
        alice.get("/v1/tasks/none").with("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let reply = ask.with("x-request-id", "support-case-7").await;
    assert_eq!(reply.json()["traceId"], trace, "{reply:?}");
    assert_eq!(reply.header("x-request-id"), "support-case-7");
    made_by_the_edge(&alice).await;
}

async fn made_by_the_edge(user: &User) {
    let first = user.get("/v1/tasks").await.header("x-request-id").to_owned();
    let second = user.get("/v1/tasks").await.header("x-request-id").to_owned();
    assert!(!first.is_empty() && first != second);
}
