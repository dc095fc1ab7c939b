//! A request that is sent again is carried out once.
use futures_util::future::join_all;
use serde_json::json;
use std::future::IntoFuture as _;

use crate::{
    app::{App, everywhere},
    user::{path_of, text},
};

everywhere!(
    a_replay_gets_the_first_answer_and_writes_nothing,
    a_key_with_another_body_is_refused,
    ten_at_once_with_one_key_write_once,
    a_refusal_uses_up_no_key,
    another_user_may_use_the_same_key,
    an_id_of_the_clients_choice_is_kept_and_taken_once,
);

async fn a_replay_gets_the_first_answer_and_writes_nothing(app: &App) {
    let alice = app.user("alice").await;
    let create =
        || alice.post("/v1/tasks", &json!({ "title": "once" })).with("idempotency-key", "create-1");
    let first = create().await;
    let again = create().await;
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(first.header("etag"), again.header("etag"));

    let path = path_of(&first.json());
    let complete = || alice.does(&format!("{path}/complete")).with("idempotency-key", "complete-1");
    let completed = complete().await.expect(200);
    alice.does(&format!("{path}/reopen")).await.expect(200);
    let replayed = complete().await.expect(200);
    assert_eq!(replayed["id"], completed["id"]);
    assert_eq!(alice.reads(&path).await["status"], "needs_action", "the replay completed nothing");
    assert_eq!(alice.reads_all("/v1/tasks").await.len(), 1);
}

async fn a_key_with_another_body_is_refused(app: &App) {
    let alice = app.user("alice").await;
    let create = |title: &str| {
        alice.post("/v1/tasks", &json!({ "title": title })).with("idempotency-key", "k")
    };
    create("one").await.expect(201);
    create("two").await.refuses(422, "IDEMPOTENCY_KEY_REUSED");
    let elsewhere =
        alice.post("/v1/projects", &json!({ "name": "one" })).with("idempotency-key", "k").await;
    elsewhere.refuses(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(alice.reads_all("/v1/tasks").await.len(), 1);
}

async fn ten_at_once_with_one_key_write_once(app: &App) {
    let alice = app.user("alice").await;
    let create = || {
        alice
            .post("/v1/tasks", &json!({ "title": "once" }))
            .with("idempotency-key", "racing")
            .into_future()
    };
    for reply in join_all((0..10).map(|_| create())).await {
        assert!([201, 409].contains(&reply.status.as_u16()), "{reply:?}");
    }
    create().await.expect(201);
    assert_eq!(alice.reads_all("/v1/tasks").await.len(), 1);
}

async fn a_refusal_uses_up_no_key(app: &App) {
    let alice = app.user("alice").await;
    let create = |title: &str| {
        alice.post("/v1/tasks", &json!({ "title": title })).with("idempotency-key", "second-try")
    };
    create("").await.expect(422);
    create("now right").await.expect(201);
}

async fn another_user_may_use_the_same_key(app: &App) {
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let mut ids = vec![];
    for user in [&alice, &bob] {
        let task = user
            .post("/v1/tasks", &json!({ "title": "mine" }))
            .with("idempotency-key", "same")
            .await
            .expect(201);
        ids.push(text(&task["id"]).to_owned());
    }
    assert_ne!(ids[0], ids[1]);
}

async fn an_id_of_the_clients_choice_is_kept_and_taken_once(app: &App) {
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let id = uuid::Uuid::now_v7().to_string();
    let task = json!({ "id": id, "title": "made offline" });
    assert_eq!(text(&alice.creates_task(task.clone()).await["id"]), id);
    alice.post("/v1/tasks", &task).await.refuses(409, "ID_TAKEN");
    bob.post("/v1/tasks", &task).await.expect(201);
}
