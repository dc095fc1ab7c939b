//! What holds for every write of the API, whatever it writes: the operations, their bodies and what they answer come from
//! /openapi.json, so that a new one is tested by being there.
mod bodies;

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use self::bodies::bodies;
use crate::{
    app::{App, everywhere},
    http::{Ask, Reply},
    user::{PASSWORD, User, text},
};

everywhere!(
    what_a_write_answers_is_what_a_read_then_gives,
    what_a_registration_answers_is_what_its_user_then_reads,
    a_write_that_is_sent_again_gets_the_first_answer,
    a_write_that_nobody_signs_gives_when_it_is_sent_again_what_is_said_of_it,
);

/// A write that a signed-in user can make, as the document has it.
struct Write {
    method: Method,
    path: String,
    body: Option<Value>,
    /// Further bodies, with what the document lets a field be.
    bodies: Vec<Value>,
    /// Whether it answers with a resource.
    answers: bool,
}

/// Whether nobody has to be signed in for it.
fn is_open(operation: &Value) -> bool {
    operation["security"] == json!([{}])
}

impl Write {
    async fn all(app: &App) -> Vec<Self> {
        let document = app.http.get("/openapi.json").await.expect(200);
        let mut writes = vec![];
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let method: Method = method.to_uppercase().parse().expect("a method");
                if method.is_safe() || is_open(operation) {
                    continue;
                }
                let content = &operation["requestBody"]["content"]["application/json"];
                let body = content.get("example").cloned();
                assert!(content.is_null() || body.is_some(), "{method} {path} has no example");
                let made = ["200", "201"].map(|status| &operation["responses"][status]["content"]);
                let answers = made.iter().any(|content| !content.is_null());
                let bodies = match &body {
                    Some(example) => bodies(&document, &content["schema"], example),
                    None => vec![],
                };
                writes.push(Self { method, path: path.clone(), body, bodies, answers });
            }
        }
        assert!(writes.len() >= 15, "{} writes", writes.len());
        writes
    }

    /// A request that will succeed, of someone who has all that it is about.
    async fn prepared(&self, user: &User) -> impl Fn(Option<&Value>) -> Ask {
        let task = user.creates("Ship it").await;
        let project = user.creates_project("Ships").await;
        let trashed = user.creates("gone").await;
        user.delete(&format!("/v1/tasks/{}", text(&trashed["id"]))).await.expect(204);
        if self.path.ends_with("/reopen") {
            user.does(&format!("/v1/tasks/{}/complete", text(&task["id"]))).await.expect(200);
        }
        // It comes first, and moves to the end.
        user.creates("Sail it").await;
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
        let (user, method) = (user.clone(), self.method.clone());
        move |body| {
            let ask = user.ask(method.clone(), &path);
            let Some(mut body) = body.cloned() else { return ask };
            for name in ["current_password", "password"] {
                if let Some(current) = body.get_mut(name) {
                    *current = json!(PASSWORD);
                }
            }
            ask.json(&body)
        }
    }
}

/// Where what was written can be read.
fn place(write: &Write, answer: &Reply) -> Option<String> {
    let body = answer.json();
    let id = body["id"].as_str()?;
    if let Some(kind) = body["object_type"].as_str() {
        return Some(format!("/v1/{kind}s/{id}"));
    }
    body["version"].as_i64()?;
    let path = match (answer.header("location"), write.path.split_once('{')) {
        ("", Some((collection, _))) => format!("{collection}{id}"),
        ("", None) => write.path.clone(),
        (location, _) => location.to_owned(),
    };
    Some(path)
}

async fn what_a_write_answers_is_what_a_read_then_gives(app: &App) {
    let (mut compared, mut unread, mut generated) = (vec![], vec![], 0);
    for write in Write::all(app).await {
        let user = app.user("writer").await;
        let ask = write.prepared(&user).await;
        let name = format!("{} {}", write.method, write.path);
        let mut place_known = false;
        for body in [write.body.as_ref()].into_iter().chain(write.bodies.iter().map(Some)) {
            let said = format!("{name} {}", body.unwrap_or(&Value::Null));
            let answer = ask(body).await;
            assert!(answer.status.is_success(), "{said}: {answer:?}");
            assert_eq!(answer.body.is_empty(), !write.answers, "{said}");
            let Some(path) = place(&write, &answer) else {
                assert!(!place_known, "{said}: it has no place any more");
                break;
            };
            let read = user.get(&path).await;
            match answer.json()["object_type"].is_string() {
                false => is_read(&said, &answer, &read),
                // It tells of an object, and is not the object.
                true => agrees(&said, &answer.json(), &read.expect(200)),
            }
            place_known = true;
            generated += 1;
        }
        if place_known { &mut compared } else { &mut unread }.push((name, write.answers));
    }
    unread.retain(|(_, answers)| *answers);
    assert!(unread.is_empty(), "these answer and cannot be read: {unread:?}");
    assert!(compared.len() >= 8, "only {compared:?}");
    assert!(generated >= 50, "only {generated} bodies");
}

fn is_read(said: &str, answer: &Reply, read: &Reply) {
    let texts = [answer, read].map(|reply| String::from_utf8_lossy(&reply.body));
    assert_eq!(texts[0], texts[1], "{said}");
    assert_eq!(answer.header("etag"), read.header("etag"), "{said}");
}

/// Whatever both name is the same, and both name at least what it is and where.
fn agrees(said: &str, answer: &Value, read: &Value) {
    let told = answer.as_object().expect("an object").iter();
    let both: Vec<_> = told.filter(|(name, _)| read.get(name.as_str()).is_some()).collect();
    assert!(both.len() >= 2, "{said}: {answer} and {read}");
    for (name, value) in both {
        assert_eq!(value, &read[name], "{said}: {name}");
    }
}

/// The one write of a resource that nobody signs: whoever it is then signs in.
async fn what_a_registration_answers_is_what_its_user_then_reads(app: &App) {
    let document = app.http.get("/openapi.json").await.expect(200);
    let content = &document["paths"]["/v1/auth/register"]["post"]["requestBody"]["content"];
    let content = &content["application/json"];
    let example = &content["example"];
    let all = [example.clone()].into_iter().chain(bodies(&document, &content["schema"], example));
    let mut compared = 0;
    for mut account in all {
        (account["email"], account["password"]) =
            (json!(format!("new-{compared}@example.com")), json!(PASSWORD));
        let made = app.http.post("/v1/auth/register", &account).await;
        assert_eq!(made.status, 201, "{account}: {made:?}");
        let login = json!({ "email": account["email"], "password": PASSWORD });
        let tokens = app.http.post("/v1/auth/login", &login).await.expect(200);
        let bearer = format!("Bearer {}", text(&tokens["access_token"]));
        let read = app.http.get("/v1/me").with("authorization", &bearer).await;
        assert_eq!(made.body, read.body, "{account}");
        assert_eq!(made.header("etag"), read.header("etag"), "{account}");
        compared += 1;
    }
    assert!(compared >= 8, "only {compared} bodies");
}

async fn a_write_that_is_sent_again_gets_the_first_answer(app: &App) {
    for write in Write::all(app).await {
        let user = app.user("retrier").await;
        let ask = write.prepared(&user).await;
        let send = || ask(write.body.as_ref()).with("idempotency-key", "lost-1");
        let name = format!("{} {}", write.method, write.path);
        let told = async || user.get("/v1/changes?limit=200").await.json()["items"].clone();
        let before = told().await;
        let first = send().await;
        let ends = user.get("/v1/me").await.status == 401;
        let after = if ends { before.clone() } else { told().await };
        let of_tasks = ["/v1/tasks", "/v1/projects", "/v1/trash"];
        if of_tasks.iter().any(|prefix| write.path.starts_with(prefix)) {
            assert_ne!(before, after, "{name} does something");
        }
        let again = send().await;
        is_answered_once(&name, &first, &again);
        let replayed = [&first, &again].map(|reply| reply.header("idempotency-replayed"));
        assert_eq!(replayed, ["", "true"], "{name}");
        assert!(ends || told().await == after, "{name}");
    }
}

fn is_answered_once(name: &str, first: &Reply, again: &Reply) {
    assert!(first.status.is_success(), "{name}: {first:?}");
    assert_eq!((first.status, &first.body), (again.status, &again.body), "{name}: {again:?}");
    for header in ["etag", "location"] {
        assert_eq!(first.header(header), again.header(header), "{name}: {header}");
    }
}

async fn a_write_that_nobody_signs_gives_when_it_is_sent_again_what_is_said_of_it(app: &App) {
    let document = app.http.get("/openapi.json").await.expect(200);
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let post = methods.get("post").filter(|operation| is_open(operation));
        let Some(operation) = post else { continue };
        let description = operation["description"].as_str().expect("a description");
        let alice = app.user("alice").await;
        match path.as_str() {
            // Under its key it has one answer; without, the address is taken.
            "/v1/auth/register" => {
                let account =
                    json!({ "email": format!("again-{}", alice.email), "password": PASSWORD });
                let send = || app.http.post(path, &account);
                let keyed = || send().with("idempotency-key", "lost-1");
                is_answered_once(path, &keyed().await, &keyed().await);
                send().await.refuses(409, "EMAIL_TAKEN");
            }
            // Each is a session of its own: an answer that is kept would keep tokens.
            "/v1/auth/login" => {
                assert!(
                    description.contains("sent again, after an answer that was lost, another one")
                );
                let other = alice.signs_in_again().await;
                assert_ne!(alice.refresh_token, other.refresh_token);
                assert_eq!(alice.reads_all("/v1/sessions").await.len(), 2);
            }
            // The token is the key: as long as its successor was not used, it gives that one.
            "/v1/auth/refresh" => {
                assert!(description.contains("the same successor"));
                let (next, again) = (alice.refreshes().await, alice.refreshes().await);
                assert_eq!(next.refresh_token, again.refresh_token);
                assert_eq!(again.reads_all("/v1/sessions").await.len(), 1);
                again.refreshes().await;
            }
            _ => panic!("nobody has said what {path} gives when it is sent again"),
        }
    }
}
