//! Someone with an account, signed in.
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use http::Method;
use serde_json::{Value, json};

use crate::http::{Ask, Http};

/// What everyone's password is.
pub(crate) const PASSWORD: &str = "Correct-horse 7 battery";

/// A signed-in session. A clone is the same session.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) http: Http,
    pub(crate) email: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl User {
    /// Registers someone of that name, whom nobody else is, and signs in.
    pub(crate) async fn joins(http: &Http, name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let email = format!(
            "{name}-{}-{}@example.com",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::SeqCst)
        );
        http.post(
            "/v1/auth/register",
            &json!({ "email": email, "password": PASSWORD, "name": name }),
        )
        .await
        .expect(201);
        Self::signs_in(http, &email, PASSWORD).await
    }

    pub(crate) async fn signs_in(http: &Http, email: &str, password: &str) -> Self {
        let tokens = http
            .post("/v1/auth/login", &json!({ "email": email, "password": password }))
            .await
            .expect(200);
        Self::from_tokens(http, email, &tokens)
    }

    fn from_tokens(http: &Http, email: &str, tokens: &Value) -> Self {
        let token = |name: &str| tokens[name].as_str().expect("a token").to_owned();
        let (access_token, refresh_token) = (token("access_token"), token("refresh_token"));
        Self { http: http.clone(), email: email.to_owned(), access_token, refresh_token }
    }

    /// Another session of the same user.
    pub(crate) async fn signs_in_again(&self) -> Self {
        Self::signs_in(&self.http, &self.email, PASSWORD).await
    }

    /// A new pair for the old one; asks again when there was no room.
    pub(crate) async fn refreshes(&self) -> Self {
        loop {
            let reply = self
                .http
                .post("/v1/auth/refresh", &json!({ "refresh_token": self.refresh_token }))
                .await;
            match reply.status.as_u16() {
                503 => tokio::time::sleep(Duration::from_millis(100)).await,
                _ => return Self::from_tokens(&self.http, &self.email, &reply.expect(200)),
            }
        }
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask {
        self.http.ask(method, path).with("authorization", format!("Bearer {}", self.access_token))
    }

    pub(crate) fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::POST, path).json(body)
    }

    /// A POST that says nothing more.
    pub(crate) fn does(&self, path: &str) -> Ask {
        self.ask(Method::POST, path)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::PATCH, path).json(body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::PUT, path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Ask {
        self.ask(Method::DELETE, path)
    }

    /// A task of that title, in the Inbox.
    pub(crate) async fn creates(&self, title: &str) -> Value {
        self.creates_task(json!({ "title": title })).await
    }

    pub(crate) async fn creates_task(&self, task: Value) -> Value {
        self.post("/v1/tasks", &task).await.expect(201)
    }

    pub(crate) async fn creates_project(&self, name: &str) -> Value {
        self.post("/v1/projects", &json!({ "name": name })).await.expect(201)
    }

    pub(crate) async fn reads(&self, path: &str) -> Value {
        self.get(path).await.expect(200)
    }

    /// All items of a list, page by page.
    pub(crate) async fn reads_all(&self, path: &str) -> Vec<Value> {
        self.reads_all_from(path, "").await
    }

    /// The items of a list that come after a cursor.
    pub(crate) async fn reads_all_from(&self, path: &str, cursor: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (vec![], cursor.to_owned());
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let from = if cursor.is_empty() {
                String::new()
            } else {
                format!("{separator}cursor={cursor}")
            };
            let page = self.reads(&format!("{path}{from}")).await;
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next_cursor"].as_str().filter(|next| !next.is_empty()) {
                Some(next) => cursor = next.to_owned(),
                None => return items,
            }
        }
    }
}

/// The path of a task.
pub(crate) fn path_of(task: &Value) -> String {
    format!("/v1/tasks/{}", text(&task["id"]))
}

/// A text that has to be there.
#[track_caller]
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text"))
}
