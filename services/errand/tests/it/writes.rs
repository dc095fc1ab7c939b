//! What holds for every write of the API, whatever it writes: the operations, their bodies and what they answer come from
//! /openapi.json, so that a new one is tested by being there.
use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    http::{Ask, Reply},
    user::{PASSWORD, User, text},
};

everywhere!(
    what_a_write_answers_is_what_a_read_then_gives,
    a_write_that_is_sent_again_gets_the_first_answer,
    a_refresh_whose_answer_was_lost_gives_tokens_again,
);

/// A write that a signed-in user can make, as the document has it.
struct Write {
    method: Method,
    path: String,
    body: Option<Value>,
    /// Whether it answers with a resource.
    answers: bool,
}

impl Write {
    async fn all(app: &App) -> Vec<Self> {
        let document = app.http.get("/openapi.json").await.expect(200);
        let mut writes = vec![];
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let method: Method = method.to_uppercase().parse().expect("a method");
                let open = operation["security"] == json!([{}]);
                if method.is_safe() || open {
                    continue;
                }
                let content = &operation["requestBody"]["content"]["application/json"];
                let body = content.get("example").cloned();
                assert!(content.is_null() || body.is_some(), "{method} {path} has no example");
                let made = ["200", "201"].map(|status| &operation["responses"][status]["content"]);
                let answers = made.iter().any(|content| !content.is_null());
                writes.push(Self { method, path: path.clone(), body, answers });
            }
        }
        assert!(writes.len() >= 15, "{} writes", writes.len());
        writes
    }

    /// A request that will succeed, of someone who has all that it is about.
    async fn prepared(&self, user: &User) -> impl Fn() -> Ask {
        let task = user.creates("Ship it").await;
        let project = user.creates_project("Ships").await;
        let trashed = user.creates("gone").await;
        user.delete(&format!("/v1/tasks/{}", text(&trashed["id"]))).await.expect(204);
        let other = user.signs_in_again().await;
        let sessions = user.reads_all("/v1/sessions").await;
        let session = sessions.iter().find(|session| session["current"] == false);
        let ids = BTreeMap::from([
            ("/v1/tasks/", text(&task["id"]).to_owned()),
            ("/v1/projects/", text(&project["id"]).to_owned()),
            ("/v1/trash/", text(&trashed["id"]).to_owned()),
            ("/v1/sessions/", text(&session.expect("another session")["id"]).to_owned()),
        ]);
        drop(other);
        let id = ids.iter().find(|(prefix, _)| self.path.starts_with(**prefix)).map(|(_, id)| id);
        let path = match (self.path.contains('{'), id) {
            (true, Some(id)) => self.path.replace("{id}", id),
            (false, _) => self.path.clone(),
            (true, None) => panic!("nothing is known for {}", self.path),
        };
        let mut body = self.body.clone();
        if let Some(current) = body.as_mut().and_then(|body| body.get_mut("current_password")) {
            *current = json!(PASSWORD);
        }
        let (user, method) = (user.clone(), self.method.clone());
        move || {
            let ask = user.ask(method.clone(), &path);
            match &body {
                Some(body) => ask.json(body),
                None => ask,
            }
        }
    }
}

/// Where what was written can be read.
fn place(write: &Write, answer: &Reply) -> Option<String> {
    let body = answer.json();
    let id = body["id"].as_str()?;
    body["version"].as_i64()?;
    let path = match (answer.header("location"), write.path.split_once('{')) {
        ("", Some((collection, _))) => format!("{collection}{id}"),
        ("", None) => write.path.clone(),
        (location, _) => location.to_owned(),
    };
    Some(path)
}

async fn what_a_write_answers_is_what_a_read_then_gives(app: &App) {
    let mut compared = vec![];
    for write in Write::all(app).await {
        let user = app.user("writer").await;
        let ask = write.prepared(&user).await;
        let answer = ask().await;
        let name = format!("{} {}", write.method, write.path);
        assert!(answer.status.is_success(), "{name}: {answer:?}");
        assert_eq!(answer.body.is_empty(), !write.answers, "{name}");
        let Some(path) = place(&write, &answer) else { continue };
        let read = user.get(&path).await;
        let texts = [&answer, &read].map(|reply| String::from_utf8_lossy(&reply.body).into_owned());
        assert_eq!(texts[0], texts[1], "{name}, read at {path}");
        assert_eq!(answer.header("etag"), read.header("etag"), "{name}");
        compared.push(name);
    }
    assert!(compared.len() >= 8, "only {compared:?}");
}

async fn a_write_that_is_sent_again_gets_the_first_answer(app: &App) {
    for write in Write::all(app).await {
        let user = app.user("retrier").await;
        let ask = write.prepared(&user).await;
        let send = || ask().with("idempotency-key", "lost-1");
        let name = format!("{} {}", write.method, write.path);
        let (first, again) = (send().await, send().await);
        assert!(first.status.is_success(), "{name}: {first:?}");
        assert_eq!((first.status, &first.body), (again.status, &again.body), "{name}: {again:?}");
        for header in ["etag", "location"] {
            assert_eq!(first.header(header), again.header(header), "{name}: {header}");
        }
    }
}

async fn a_refresh_whose_answer_was_lost_gives_tokens_again(app: &App) {
    let alice = app.user("alice").await;
    let refresh =
        || app.http.post("/v1/auth/refresh", &json!({ "refresh_token": alice.refresh_token }));
    refresh().await.expect(200);
    let again = refresh().await.expect(200);
    let tokens = json!({ "refresh_token": again["refresh_token"] });
    app.http.post("/v1/auth/refresh", &tokens).await.expect(200);
}
