//! Lists are read page by page, to their end, while they change.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    user::{User, path_of, text},
};

everywhere!(
    every_task_is_on_one_page_whatever_the_order,
    a_list_that_changes_meanwhile_neither_skips_nor_repeats,
    filters_give_what_they_say,
    a_page_is_never_larger_than_the_most_there_may_be,
);

async fn every_task_is_on_one_page_whatever_the_order(app: &App) {
    let alice = app.user("alice").await;
    let inbox = text(&alice.reads("/v1/projects").await["items"][0]["id"]).to_owned();
    let mut made = BTreeSet::new();
    for number in 0..23 {
        let due =
            (number % 3 > 0).then(|| json!({ "date": format!("2026-09-{:02}", 1 + number % 5) }));
        let task =
            alice.creates_task(json!({ "title": format!("task {number}"), "due": due })).await;
        made.insert(text(&task["id"]).to_owned());
    }
    for order in ["created_at", "-created_at", "due", "-due", "rank", "-rank"] {
        for limit in [1, 7, 23, 50] {
            let path = format!("/v1/tasks?order_by={order}&limit={limit}&project_id={inbox}");
            let read = alice.reads_all(&path).await;
            let ids: BTreeSet<_> = read.iter().map(|task| text(&task["id"]).to_owned()).collect();
            assert_eq!((read.len(), &ids), (made.len(), &made), "{path}");
        }
    }
}

async fn a_list_that_changes_meanwhile_neither_skips_nor_repeats(app: &App) {
    let alice = app.user("alice").await;
    let mut kept = vec![];
    for number in 0..12 {
        kept.push(alice.creates(&format!("task {number}")).await);
    }
    let first = alice.reads("/v1/tasks?limit=4&order_by=created_at").await;
    let gone = kept.remove(2);
    alice.delete(&path_of(&gone)).await.expect(204);
    alice.creates("a late one").await;
    let cursor = text(&first["next_cursor"]).to_owned();
    let mut read: Vec<Value> = first["items"].as_array().expect("items").clone();
    read.extend(alice.reads_all_from("/v1/tasks?limit=4&order_by=created_at", &cursor).await);
    let titles: Vec<&str> = read.iter().map(|task| text(&task["title"])).collect();
    let mut expected: Vec<String> = (0..12).map(|number| format!("task {number}")).collect();
    expected.push("a late one".to_owned());
    assert_eq!(titles, expected);
}

async fn filters_give_what_they_say(app: &App) {
    let alice = app.user("alice").await;
    let home = alice.creates_project("home").await;
    let home = text(&home["id"]);
    alice.creates_task(json!({ "title": "Paint the door", "project_id": home, "priority": "high", "labels": ["diy"] })).await;
    alice.creates_task(json!({ "title": "Buy paint", "project_id": home, "labels": ["diy", "shop"], "due": { "date": "2026-09-01" } })).await;
    alice.creates_task(json!({ "title": "Call Ümit", "priority": "low" })).await;
    let done = alice.creates_task(json!({ "title": "Sweep" })).await;
    alice.does(&format!("{}/complete", path_of(&done))).await.expect(200);

    let expected = [
        (format!("project_id={home}"), vec!["Buy paint", "Paint the door"]),
        ("priority=high&priority=low".to_owned(), vec!["Call Ümit", "Paint the door"]),
        ("label=diy".to_owned(), vec!["Buy paint", "Paint the door"]),
        ("label=diy&label=shop".to_owned(), vec!["Buy paint"]),
        ("status=completed".to_owned(), vec!["Sweep"]),
        ("status=needs_action".to_owned(), vec!["Buy paint", "Call Ümit", "Paint the door"]),
        ("due_before=2026-10-01T00:00:00Z".to_owned(), vec!["Buy paint"]),
        ("q=paint".to_owned(), vec!["Buy paint", "Paint the door"]),
        ("q=PAINT%20door".to_owned(), vec!["Paint the door"]),
        ("q=100%25".to_owned(), vec![]),
    ];
    for (query, titles) in expected {
        assert_eq!(titles_of(&alice, &query).await, titles, "{query}");
    }
}

async fn titles_of(user: &User, query: &str) -> Vec<String> {
    let tasks = user.reads_all(&format!("/v1/tasks?{query}")).await;
    let mut titles: Vec<String> =
        tasks.iter().map(|task| text(&task["title"]).to_owned()).collect();
    titles.sort();
    titles
}

async fn a_page_is_never_larger_than_the_most_there_may_be(app: &App) {
    let alice = app.user("alice").await;
    alice.creates("one").await;
    alice.reads("/v1/tasks?limit=200").await;
    for limit in ["0", "201", "-1", "1.5"] {
        let reply = alice.get(&format!("/v1/tasks?limit={limit}")).await;
        assert_eq!(reply.status, 400, "{limit}: {reply:?}");
    }
}
