//! A task's life: done, undone, moved, thrown away and taken back, with all that hangs on it.
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    user::{User, path_of, text},
};

everywhere!(
    completing_takes_open_subtasks_along_and_reopening_brings_them_back,
    reopening_a_subtask_reopens_what_it_is_part_of,
    a_task_moves_with_its_subtasks,
    siblings_stand_where_they_were_put,
    a_task_cannot_come_under_itself,
    what_is_thrown_away_comes_back_whole,
    what_lost_its_place_goes_to_the_inbox,
    what_is_purged_is_gone,
    the_inbox_stays_what_it_is,
    an_archived_project_takes_no_tasks,
);

async fn child(user: &User, parent: &Value, title: &str) -> Value {
    user.creates_task(json!({ "title": title, "parent_id": parent["id"] })).await
}

async fn act(user: &User, task: &Value, act: &str) -> Value {
    user.does(&format!("{}/{act}", path_of(task))).await.expect(200)
}

async fn moves(user: &User, task: &Value, to: Value) -> Value {
    user.post(&format!("{}/move", path_of(task)), &to).await.expect(200)
}

async fn status(user: &User, task: &Value) -> String {
    text(&user.reads(&path_of(task)).await["status"]).to_owned()
}

async fn completing_takes_open_subtasks_along_and_reopening_brings_them_back(app: &App) {
    let alice = app.user("alice").await;
    let top = alice.creates("top").await;
    let (one, two) = (child(&alice, &top, "one").await, child(&alice, &top, "two").await);
    let below = child(&alice, &one, "below one").await;
    act(&alice, &two, "complete").await;

    let completed = act(&alice, &top, "complete").await;
    assert!(completed["completed_at"].is_string(), "{completed}");
    for task in [&one, &two, &below] {
        assert_eq!(status(&alice, task).await, "completed");
    }
    act(&alice, &top, "reopen").await;
    assert_eq!(status(&alice, &below).await, "needs_action");
    assert_eq!(status(&alice, &two).await, "completed", "it was done before");
}

async fn reopening_a_subtask_reopens_what_it_is_part_of(app: &App) {
    let alice = app.user("alice").await;
    let top = alice.creates("top").await;
    let below = child(&alice, &top, "below").await;
    act(&alice, &top, "complete").await;
    act(&alice, &below, "reopen").await;
    assert_eq!(status(&alice, &top).await, "needs_action");
}

async fn a_task_moves_with_its_subtasks(app: &App) {
    let alice = app.user("alice").await;
    let project = alice.creates_project("elsewhere").await;
    let top = alice.creates("top").await;
    let below = child(&alice, &top, "below").await;
    let moved = moves(&alice, &top, json!({ "project_id": project["id"] })).await;
    assert_eq!(moved["project_id"], project["id"]);
    let below = alice.reads(&path_of(&below)).await;
    assert_eq!((&below["project_id"], &below["parent_id"]), (&project["id"], &top["id"]));
    let both = json!({ "project_id": project["id"], "parent_id": top["id"] });
    alice.post(&format!("{}/move", path_of(&below)), &both).await.expect(422);
}

async fn siblings_stand_where_they_were_put(app: &App) {
    let alice = app.user("alice").await;
    let project = alice.creates_project("list").await;
    let mut tasks = vec![];
    for title in ["a", "b", "c"] {
        tasks
            .push(alice.creates_task(json!({ "title": title, "project_id": project["id"] })).await);
    }
    assert_eq!(order(&alice, &project).await, "abc");
    moves(&alice, &tasks[2], json!({ "before": tasks[0]["id"] })).await;
    assert_eq!(order(&alice, &project).await, "cab");
    moves(&alice, &tasks[2], json!({ "after": tasks[0]["id"] })).await;
    assert_eq!(order(&alice, &project).await, "acb");
    moves(&alice, &tasks[0], json!({})).await;
    assert_eq!(order(&alice, &project).await, "cba");
    for _ in 0..20 {
        moves(&alice, &tasks[0], json!({ "before": tasks[2]["id"] })).await;
        moves(&alice, &tasks[1], json!({ "before": tasks[0]["id"] })).await;
        moves(&alice, &tasks[2], json!({ "before": tasks[1]["id"] })).await;
    }
    assert_eq!(order(&alice, &project).await, "cba");
}

async fn order(user: &User, project: &Value) -> String {
    let tasks = user
        .reads_all(&format!("/v1/tasks?order_by=rank&project_id={}", text(&project["id"])))
        .await;
    tasks.iter().map(|task| text(&task["title"])).collect()
}

async fn a_task_cannot_come_under_itself(app: &App) {
    let alice = app.user("alice").await;
    let top = alice.creates("top").await;
    let below = child(&alice, &top, "below").await;
    for parent in [&top, &below] {
        let to = json!({ "parent_id": parent["id"] });
        alice.post(&format!("{}/move", path_of(&top)), &to).await.refuses(409, "CYCLE");
    }
}

async fn what_is_thrown_away_comes_back_whole(app: &App) {
    let alice = app.user("alice").await;
    let project = alice.creates_project("doomed").await;
    let top = alice.creates_task(json!({ "title": "top", "project_id": project["id"] })).await;
    let below = child(&alice, &top, "below").await;
    alice.delete(&path_of(&top)).await.expect(204);
    alice.get(&path_of(&below)).await.refuses(404, "TASK_NOT_FOUND");
    let trash = alice.reads("/v1/trash").await;
    assert_eq!(
        (&trash["items"][0]["id"], &trash["items"][0]["size"]),
        (&top["id"], &json!(2)),
        "{trash}"
    );

    alice.does(&format!("/v1/trash/{}/restore", text(&top["id"]))).await.expect(200);
    let restored = alice.reads(&path_of(&below)).await;
    assert_eq!(
        (&restored["title"], &restored["parent_id"]),
        (&below["title"], &below["parent_id"])
    );
    assert_eq!(alice.reads_all("/v1/trash").await.len(), 0);

    let path = format!("/v1/projects/{}", text(&project["id"]));
    alice.delete(&path).await.expect(204);
    alice.get(&path_of(&below)).await.expect(404);
    alice.does(&format!("/v1/trash/{}/restore", text(&project["id"]))).await.expect(200);
    assert_eq!(alice.reads(&path_of(&below)).await["project_id"], project["id"]);
}

async fn what_lost_its_place_goes_to_the_inbox(app: &App) {
    let alice = app.user("alice").await;
    let project = alice.creates_project("doomed").await;
    let task = alice.creates_task(json!({ "title": "orphan", "project_id": project["id"] })).await;
    alice.delete(&path_of(&task)).await.expect(204);
    alice.delete(&format!("/v1/projects/{}", text(&project["id"]))).await.expect(204);
    let said = alice.does(&format!("/v1/trash/{}/restore", text(&task["id"]))).await.expect(200);
    assert_eq!(said["in_place"], false, "{said}");
    let inbox = alice.reads("/v1/projects").await["items"][0].clone();
    assert_eq!(inbox["is_inbox"], true);
    assert_eq!(alice.reads(&path_of(&task)).await["project_id"], inbox["id"]);
}

async fn what_is_purged_is_gone(app: &App) {
    let alice = app.user("alice").await;
    let task = alice.creates("x").await;
    let in_trash = format!("/v1/trash/{}", text(&task["id"]));
    alice.delete(&in_trash).await.expect(404);
    alice.delete(&path_of(&task)).await.expect(204);
    alice.delete(&in_trash).await.expect(204);
    alice.does(&format!("{in_trash}/restore")).await.refuses(404, "TRASH_NOT_FOUND");
    alice.get(&path_of(&task)).await.expect(404);
}

async fn the_inbox_stays_what_it_is(app: &App) {
    let alice = app.user("alice").await;
    let inbox = alice.reads("/v1/projects").await["items"][0].clone();
    let path = format!("/v1/projects/{}", text(&inbox["id"]));
    alice.patch(&path, &json!({ "name": "Outbox" })).await.refuses(409, "INBOX_IS_FIXED");
    alice.patch(&path, &json!({ "archived": true })).await.refuses(409, "INBOX_IS_FIXED");
    alice.delete(&path).await.refuses(409, "INBOX_IS_FIXED");
    assert_eq!(alice.reads(&path).await, inbox);
}

async fn an_archived_project_takes_no_tasks(app: &App) {
    let alice = app.user("alice").await;
    let project = alice.creates_project("past").await;
    let path = format!("/v1/projects/{}", text(&project["id"]));
    alice.patch(&path, &json!({ "archived": true })).await.expect(200);
    let task = json!({ "title": "x", "project_id": project["id"] });
    alice.post("/v1/tasks", &task).await.refuses(409, "PROJECT_ARCHIVED");
    alice.patch(&path, &json!({ "archived": false })).await.expect(200);
    alice.creates_task(task).await;
}
