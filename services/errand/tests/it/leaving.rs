//! An account that is deleted leaves nothing, wherever that was kept, and takes nothing of anyone else's along.
use std::collections::BTreeMap;

use kit_base::testing::eventually;
use kit_db::testing::{contents, traces};
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    sessions::is_signed_out_soon,
    stream::Stream,
    user::{PASSWORD, User, path_of, text},
};

everywhere!(
    an_account_leaves_nothing_and_takes_nothing_of_anyone_elses_along,
    a_wrong_password_deletes_nothing,
);

/// Where something stands in any table of auth and of tasks.
async fn places(app: &App, of: &str) -> BTreeMap<String, Vec<String>> {
    let [auth, tasks] = &app.databases;
    let mut found = traces(&contents(auth).await, of);
    for (table, rows) in traces(&contents(tasks).await, of) {
        found.entry(table).or_default().extend(rows);
    }
    found
}

/// Does a little of everything, and gives the ids of the account and of its session.
async fn settles(user: &User) -> [String; 2] {
    let project = user.creates_project("Ships").await;
    let task = json!({ "title": "Ship it", "labels": ["home"], "project_id": project["id"] });
    let task = user.post("/v1/tasks", &task).with("idempotency-key", "settle").await.expect(201);
    user.creates_task(json!({ "title": "Paint it", "parent_id": task["id"] })).await;
    let gone = user.creates("gone").await;
    user.delete(&path_of(&gone)).await.expect(204);
    user.patch("/v1/me", &json!({ "time_zone": "Europe/Berlin" })).await.expect(200);
    let sessions = user.reads_all("/v1/sessions").await;
    [&user.reads("/v1/me").await["id"], &sessions[0]["id"]].map(|id: &Value| text(id).to_owned())
}

async fn an_account_leaves_nothing_and_takes_nothing_of_anyone_elses_along(app: &App) {
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let elsewhere = alice.signs_in_again().await;
    let ([id, session], [of_bob, _]) = (settles(&alice).await, settles(&bob).await);
    let mut stream = Stream::open(&elsewhere, None).await;
    let before = places(app, &of_bob).await;
    let kept: Vec<_> = places(app, &id).await.into_keys().collect();
    assert!(kept.len() >= 10, "only {kept:?}");

    let password = json!({ "password": PASSWORD });
    alice.ask(http::Method::DELETE, "/v1/me").json(&password).await.expect(204);
    for user in [&alice, &elsewhere] {
        is_signed_out_soon(user).await;
        let refresh = json!({ "refresh_token": user.refresh_token });
        app.http.post("/v1/auth/refresh", &refresh).await.expect(401);
    }
    while stream.next().await.is_some() {}
    let again = alice.ask(http::Method::DELETE, "/v1/me").json(&password);
    again.with("idempotency-key", "another").await.expect(401);

    // That an account is gone, what was answered then, that a scope was erased and that a session has ended is known for a while: by ids, which name nobody now.
    let marks = ["deletions", "idempotency_keys", "scopes"];
    eventually("all is erased", async || places(app, &id).await.into_keys().eq(marks)).await;
    assert_eq!(places(app, &session).await.into_keys().collect::<Vec<_>>(), ["revocations"]);
    assert_eq!(places(app, &alice.email).await, BTreeMap::new());
    assert_eq!(places(app, &of_bob).await, before);

    let account = json!({ "email": alice.email, "password": PASSWORD });
    app.http.post("/v1/auth/register", &account).await.expect(201);
    let newcomer = User::signs_in(&app.http, &alice.email, PASSWORD).await;
    assert_eq!(newcomer.reads_all("/v1/tasks").await, Vec::<Value>::new());
    newcomer.creates("Begin anew").await;
}

async fn a_wrong_password_deletes_nothing(app: &App) {
    let alice = app.user("alice").await;
    let [id, _] = settles(&alice).await;
    let before = places(app, &id).await;
    for body in [json!({ "password": "not the one, surely" }), json!({})] {
        let problem = alice.ask(http::Method::DELETE, "/v1/me").json(&body).await.expect(422);
        assert_eq!(problem["errors"][0]["pointer"], "/password", "{problem}");
    }
    assert_eq!(places(app, &id).await, before);
    User::signs_in(&app.http, &alice.email, PASSWORD).await;
}
