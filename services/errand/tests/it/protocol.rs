//! What holds for every request, whatever it is about and however the services are joined.
use http::Method;
use serde_json::json;

use crate::{
    app::{App, everywhere},
    user::{path_of, text},
    versions::etag,
};

everywhere!(
    a_request_without_a_host_or_with_two_is_refused,
    what_is_too_long_or_no_request_is_refused_with_a_problem,
    any_version_of_a_list_lets_a_write_through,
    any_version_of_a_list_spares_a_reader_the_answer,
    a_packed_answer_has_a_tag_of_its_own_that_is_understood,
    a_parameter_that_nobody_knows_is_refused_by_every_operation,
);

async fn a_request_without_a_host_or_with_two_is_refused(app: &App) {
    let ask = async |hosts: &str| {
        let request = format!("GET /v1/limits HTTP/1.1\r\nconnection: close\r\n{hosts}\r\n");
        app.http.send(request.as_bytes()).await
    };
    assert!(ask("host: a.test\r\n").await.starts_with("HTTP/1.1 200"));
    for hosts in ["", "host: a.test\r\nhost: b.test\r\n", "host: a.test, b.test\r\n"] {
        is_problem(&ask(hosts).await, 400, "INVALID_HOST");
    }
}

async fn what_is_too_long_or_no_request_is_refused_with_a_problem(app: &App) {
    let long = "x".repeat(9_000);
    for (line, headers, status, code) in [
        (format!("GET /v1/tasks?q={long}"), String::new(), 414, "URI_TOO_LONG"),
        ("GET /v1/tasks".to_owned(), format!("x: {long}{long}\r\n"), 431, "HEADERS_TOO_LARGE"),
        ("GET /v1/tasks".to_owned(), "x: y\r\n".repeat(100), 431, "HEADERS_TOO_LARGE"),
        ("GET /v1 /tasks".to_owned(), String::new(), 400, "MALFORMED_REQUEST"),
        ("GET /v1/tasks".to_owned(), "a b: c\r\n".to_owned(), 400, "MALFORMED_REQUEST"),
    ] {
        let request =
            format!("{line} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n{headers}\r\n");
        is_problem(&app.http.send(request.as_bytes()).await, status, code);
    }
}

#[track_caller]
fn is_problem(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.contains("content-type: application/problem+json"), "{answer}");
    let problem: serde_json::Value = serde_json::from_str(body).expect("a problem");
    assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{answer}");
}

async fn any_version_of_a_list_lets_a_write_through(app: &App) {
    let alice = app.user("alice").await;
    let task = alice.creates("Ship it").await;
    let project = alice.creates_project("Ships").await;
    let project_path = format!("/v1/projects/{}", text(&project["id"]));
    for (path, name) in
        [(path_of(&task), "title"), (project_path, "name"), ("/v1/me".to_owned(), "name")]
    {
        let seen = alice.get(&path).await.header("etag").to_owned();
        let write = |value: &str, tags: &str| {
            alice.patch(&path, &json!({ name: value })).with("if-match", tags)
        };
        for none in ["\"900\", W/\"1\", \"theirs\"".to_owned(), format!("W/{seen}")] {
            write("never", &none).await.refuses(412, "VERSION_MISMATCH");
        }
        let one = write("one", &format!("\"900\" ,, {seen}, \"901\"")).await;
        assert_eq!(one.expect(200)[name], "one", "{path}");
        assert_eq!(write("two", "*").await.expect(200)[name], "two", "{path}");
        write("three", "2").await.refuses(400, "INVALID_IF_MATCH");
        assert_eq!(alice.reads(&path).await[name], "two", "{path}");
    }
}

async fn any_version_of_a_list_spares_a_reader_the_answer(app: &App) {
    let alice = app.user("alice").await;
    let task = alice.creates("Ship it").await;
    for path in [path_of(&task), "/v1/me".to_owned(), "/openapi.json".to_owned()] {
        let seen = alice.get(&path).await.header("etag").to_owned();
        for tags in [seen.clone(), format!("\"900\", W/{seen}"), "*".to_owned()] {
            let spared = alice.get(&path).with("if-none-match", &tags).await;
            assert_eq!((spared.status.as_u16(), spared.body.len()), (304, 0), "{path} {tags}");
            assert_eq!(spared.header("etag"), seen, "{path}");
        }
        alice.get(&path).with("if-none-match", "\"900\", \"901\"").await.expect(200);
    }
}

async fn a_packed_answer_has_a_tag_of_its_own_that_is_understood(app: &App) {
    let alice = app.user("alice").await;
    let long = json!({ "title": "Ship it", "description": "word ".repeat(1_000) });
    let task = alice.post("/v1/tasks", &long).await.expect(201);
    let path = path_of(&task);
    let plain = alice.get(&path).await;
    let packed = alice.get(&path).with("accept-encoding", "gzip").await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() * 4 < plain.body.len(), "{} bytes", packed.body.len());
    let tag = packed.header("etag");
    assert_ne!(tag, plain.header("etag"));
    let spared = alice.get(&path).with("accept-encoding", "gzip").with("if-none-match", tag).await;
    assert_eq!(spared.status.as_u16(), 304);
    let changed = alice.patch(&path, &json!({ "title": "Shipped" })).with("if-match", tag).await;
    assert_eq!(changed.expect(200)["title"], "Shipped");
    let again = alice.patch(&path, &json!({ "title": "Again" })).with("if-match", tag).await;
    again.refuses(412, "VERSION_MISMATCH");
    assert_eq!(etag(&changed.json()), changed.header("etag"));
}

async fn a_parameter_that_nobody_knows_is_refused_by_every_operation(app: &App) {
    let alice = app.user("alice").await;
    let document = app.http.get("/openapi.json").await.expect(200);
    let nothing = "01890000-0000-7000-8000-000000000000";
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let path = format!("{}?colour=red", path.replace("{id}", nothing));
        for (method, operation) in methods.as_object().expect("methods") {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let ask = alice.ask(method.clone(), &path);
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            let answer = match example.is_null() {
                true => ask.await,
                false => ask.json(example).await,
            };
            let problem = answer.refuses(400, "INVALID_QUERY");
            let named = problem["errors"].as_array().into_iter().flatten();
            let named = named.filter(|fault| fault["parameter"] == "colour").count();
            assert_eq!(named, 1, "{method} {path}: {problem}");
            asked += 1;
        }
    }
    assert!(asked >= 33, "only {asked} operations");
}
