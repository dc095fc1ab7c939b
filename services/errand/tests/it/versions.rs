//! Two writers never overwrite each other unseen, and a reader never loads what it has.
use kit_base::testing::Random;
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    user::{User, path_of, text},
};

everywhere!(
    a_created_task_says_where_it_is_and_at_which_version,
    a_stale_write_is_refused,
    of_two_racing_writers_one_is_refused,
    what_a_reader_has_is_not_sent_again,
    a_patch_changes_what_it_names_and_nothing_else,
    null_clears_and_absent_keeps,
    a_patch_that_changes_nothing_makes_no_version,
);

async fn a_created_task_says_where_it_is_and_at_which_version(app: &App) {
    let alice = app.user("alice").await;
    let reply = alice.post("/v1/tasks", &json!({ "title": " Ship it " })).await;
    let task = reply.expect(201);
    assert_eq!(task["title"], "Ship it");
    assert!(reply.header("location").ends_with(&path_of(&task)), "{reply:?}");
    assert_eq!(reply.header("etag"), etag(&task));
}

async fn a_stale_write_is_refused(app: &App) {
    let alice = app.user("alice").await;
    let task = alice.creates("Ship it").await;
    let seen = etag(&task);
    let path = path_of(&task);
    let renamed =
        alice.patch(&path, &json!({ "title": "one" })).with("if-match", &seen).await.expect(200);
    alice
        .patch(&path, &json!({ "title": "two" }))
        .with("if-match", &seen)
        .await
        .refuses(412, "VERSION_MISMATCH");
    alice.delete(&path).with("if-match", &seen).await.refuses(412, "VERSION_MISMATCH");
    alice
        .does(&format!("{path}/complete"))
        .with("if-match", &seen)
        .await
        .refuses(412, "VERSION_MISMATCH");
    assert_eq!(alice.reads(&path).await, renamed);
    alice.patch(&path, &json!({ "title": "three" })).with("if-match", "*").await.expect(200);
}

async fn of_two_racing_writers_one_is_refused(app: &App) {
    let alice = app.user("alice").await;
    for _ in 0..5 {
        let task = alice.creates("raced for").await;
        let (path, seen) = (path_of(&task), etag(&task));
        let write = |title: &str| {
            let ask = alice.patch(&path, &json!({ "title": title })).with("if-match", &seen);
            ask.into_future()
        };
        let (one, two) = tokio::join!(write("one"), write("two"));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }
}

async fn what_a_reader_has_is_not_sent_again(app: &App) {
    let alice = app.user("alice").await;
    let task = alice.creates("Ship it").await;
    let path = path_of(&task);
    let unchanged = alice.get(&path).with("if-none-match", etag(&task)).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
    assert_eq!(unchanged.header("etag"), etag(&task));
    alice.patch(&path, &json!({ "title": "Shipped" })).await.expect(200);
    alice.get(&path).with("if-none-match", etag(&task)).await.expect(200);
}

async fn a_patch_changes_what_it_names_and_nothing_else(app: &App) {
    let alice = app.user("alice").await;
    let mut random = Random::new(7);
    let task = json!({ "title": "a", "description": "b", "priority": "high", "labels": ["x", "y"], "due": { "date": "2026-09-01" } });
    let mut known = alice.creates_task(task).await;
    for round in 0..40 {
        let patch = any_patch(&mut random, round);
        let changed = alice.patch(&path_of(&known), &patch).await.expect(200);
        only_named_fields_differ(&known, &changed, &patch);
        known = changed;
        assert_eq!(alice.reads(&path_of(&known)).await, known);
    }
}

/// Some of the fields that may be written, each with some value.
fn any_patch(random: &mut Random, round: usize) -> Value {
    let choices = [
        ("title", vec![json!(format!("title {round}"))]),
        ("description", vec![json!(format!("text {round}")), json!(""), json!("ü\n\u{1F600}")]),
        ("priority", vec![json!("none"), json!("urgent"), json!("low")]),
        ("labels", vec![json!([]), json!(["x"]), json!(["home", "x"])]),
        ("estimate_minutes", vec![Value::Null, json!(1), json!(525_600)]),
        (
            "due",
            vec![
                Value::Null,
                json!({ "date": "2026-12-24" }),
                json!({ "datetime": "2026-12-24T09:00:00" }),
                json!({ "datetime": "2026-12-24T09:00:00", "time_zone": "Europe/Berlin" }),
            ],
        ),
    ];
    let mut patch = serde_json::Map::new();
    for (field, values) in choices {
        if random.below(3) == 0 {
            patch.insert(field.to_owned(), values[random.below(values.len())].clone());
        }
    }
    Value::Object(patch)
}

fn only_named_fields_differ(before: &Value, after: &Value, patch: &Value) {
    for (field, value) in after.as_object().expect("a task") {
        match patch.get(field) {
            Some(written) if written.is_null() => {
                assert!(value.is_null(), "{field} was cleared: {after}")
            }
            Some(written) => assert_eq!(value, written, "{field}"),
            None if ["version", "updated_at"].contains(&field.as_str()) => {}
            None => assert_eq!(Some(value), before.get(field), "{field} was not named in {patch}"),
        }
    }
}

async fn null_clears_and_absent_keeps(app: &App) {
    let alice = app.user("alice").await;
    let task = alice
        .creates_task(json!({ "title": "x", "description": "y", "due": { "date": "2026-09-01" } }))
        .await;
    let path = path_of(&task);
    let task = alice.patch(&path, &json!({ "description": null })).await.expect(200);
    assert_eq!((text(&task["description"]), text(&task["due"]["date"])), ("", "2026-09-01"));
    let task = alice.patch(&path, &json!({ "due": null })).await.expect(200);
    assert!(task["due"].is_null(), "{task}");
    alice.patch(&path, &json!({ "title": null })).await.expect(422);
    assert_eq!(alice.reads(&path).await, task);
}

async fn a_patch_that_changes_nothing_makes_no_version(app: &App) {
    let alice = app.user("alice").await;
    let task = alice.creates("x").await;
    let same = alice.patch(&path_of(&task), &json!({ "title": "x" })).await.expect(200);
    assert_eq!(same, task);
    one_change_is_told(&alice).await;
}

async fn one_change_is_told(user: &User) {
    let told = user.reads_all("/v1/activity").await;
    let tasks = told.iter().filter(|change| change["object_type"] == "task").count();
    assert_eq!(tasks, 1, "{told:?}");
}

/// The strong entity tag of a resource (RFC 9110 8.8.3).
pub(crate) fn etag(resource: &Value) -> String {
    format!("\"{}\"", resource["version"])
}
