//! How long a task is thought to take, from the body of a request to the database and the feed.
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    feed::Copy,
    user::{User, path_of},
};

everywhere!(
    an_estimate_is_kept_until_it_is_cleared,
    an_estimate_that_is_no_number_of_minutes_is_refused,
    the_feed_tells_of_an_estimate,
);

async fn makes(user: &User, estimate: Value) -> Value {
    user.creates_task(json!({ "title": "Ship it", "estimate_minutes": estimate })).await
}

async fn an_estimate_is_kept_until_it_is_cleared(app: &App) {
    let alice = app.user("alice").await;
    let task = makes(&alice, json!(90)).await;
    let path = path_of(&task);
    assert_eq!(task["estimate_minutes"], 90);
    let patches = [
        (json!({ "title": "Sail it" }), json!(90)),
        (json!({ "estimate_minutes": 525_600 }), json!(525_600)),
        (json!({ "estimate_minutes": 1.0 }), json!(1)),
        (json!({ "estimate_minutes": null }), Value::Null),
        (json!({ "title": "Ship it" }), Value::Null),
    ];
    for (patch, expected) in patches {
        let answered = alice.patch(&path, &patch).await.expect(200);
        assert_eq!(answered["estimate_minutes"], expected, "{patch}");
        assert_eq!(alice.reads(&path).await, answered, "{patch}");
        let listed = alice.reads_all("/v1/tasks?limit=200").await;
        assert_eq!(listed, [answered], "{patch}");
    }
    assert_eq!(makes(&alice, Value::Null).await["estimate_minutes"], Value::Null);
}

async fn an_estimate_that_is_no_number_of_minutes_is_refused(app: &App) {
    let alice = app.user("alice").await;
    let path = path_of(&makes(&alice, json!(90)).await);
    let wrong = [
        (json!(0), "OUT_OF_RANGE"),
        (json!(-1), "OUT_OF_RANGE"),
        (json!(525_601), "OUT_OF_RANGE"),
        (json!(3_000_000_000_u32), "OUT_OF_RANGE"),
        (json!(1.5), "WRONG_TYPE"),
        (json!("90"), "WRONG_TYPE"),
    ];
    for (estimate, code) in wrong {
        let body = json!({ "title": "Ship it", "estimate_minutes": estimate });
        for refused in [alice.post("/v1/tasks", &body).await, alice.patch(&path, &body).await] {
            let problem = refused.expect(422);
            let fault = &problem["errors"][0];
            assert_eq!(fault["pointer"], "/estimate_minutes", "{estimate}");
            assert_eq!(fault["code"], code, "{estimate}");
        }
    }
    assert_eq!(alice.reads(&path).await["estimate_minutes"], 90);
}

async fn the_feed_tells_of_an_estimate(app: &App) {
    let alice = app.user("alice").await;
    let mut copy = Copy::default();
    let path = path_of(&makes(&alice, json!(90)).await);
    copy.catches_up(&alice).await;
    let told = |copy: &Copy| {
        let tasks = copy.live("task");
        tasks.values().map(|task| task["estimate_minutes"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(&copy), [json!(90)]);
    for estimate in [json!(120), Value::Null] {
        alice.patch(&path, &json!({ "estimate_minutes": estimate })).await.expect(200);
        copy.catches_up(&alice).await;
        assert_eq!(told(&copy), [estimate]);
        copy.equals_what(&alice).await;
    }
}
