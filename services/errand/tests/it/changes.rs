//! The change feed: whoever reads it knows everything, in order, once.
use std::{
    future::IntoFuture as _,
    time::{Duration, Instant},
};

use kit_base::testing::Random;
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    feed::Copy,
    user::{User, path_of, text},
};

everywhere!(
    a_copy_kept_by_the_feed_equals_the_database_after_a_random_walk,
    writers_at_once_leave_no_gap,
    a_poll_waits_for_the_next_change,
    a_poll_without_a_change_ends_with_a_cursor,
    an_act_on_a_tree_tells_of_each_task_under_one_request,
    the_newest_activity_comes_first,
);

async fn a_copy_kept_by_the_feed_equals_the_database_after_a_random_walk(app: &App) {
    for seed in 1..=3 {
        let alice = app.user("alice").await;
        let mut walk = Walk { user: &alice, random: Random::new(seed), copy: Copy::default() };
        for step in 0..60 {
            walk.step(step).await;
            if step % 20 == 19 {
                walk.copy.catches_up(&alice).await;
                walk.copy.equals_what(&alice).await;
            }
        }
    }
}

/// A user who does one thing after another, as chance has it.
struct Walk<'a> {
    user: &'a User,
    random: Random,
    copy: Copy,
}

impl Walk<'_> {
    /// One write, allowed or not: what is refused must leave nothing behind.
    async fn step(&mut self, step: usize) {
        let (user, task, project) = (self.user, self.any("task"), self.any("project"));
        let (path, other) = (format!("/v1/tasks/{task}"), self.any("task"));
        let in_project = format!("/v1/projects/{project}");
        let ask = match self.random.below(16) {
            0..=3 => {
                user.post("/v1/tasks", &json!({ "title": format!("task {step}"), "labels": ["x"], "estimate_minutes": 1 + step }))
            }
            4 => user
                .post("/v1/tasks", &json!({ "title": format!("below {step}"), "parent_id": task })),
            5 => user.post(
                "/v1/tasks",
                &json!({ "title": format!("task {step}"), "project_id": project }),
            ),
            6 | 7 => user.patch(
                &path,
                &json!({ "title": format!("renamed {step}"), "due": { "date": "2026-09-01" } }),
            ),
            8 => user.does(&format!("{path}/complete")),
            9 => user.does(&format!("{path}/reopen")),
            10 => user.post(&format!("{path}/move"), &json!({ "parent_id": other })),
            11 => user.post(&format!("{path}/move"), &json!({ "project_id": project })),
            12 => user.delete(&path),
            13 => user.post("/v1/projects", &json!({ "name": format!("project {step}") })),
            14 if self.random.below(3) == 0 => user.delete(&in_project),
            14 => user.patch(&in_project, &json!({ "name": format!("renamed {step}") })),
            _ => self.takes_from_the_trash(),
        };
        let reply = ask.await;
        assert!(reply.status.as_u16() < 500, "{reply:?}");
        self.copy.catches_up(user).await;
    }

    fn takes_from_the_trash(&mut self) -> crate::http::Ask {
        let deleted = self
            .copy
            .objects
            .iter()
            .filter(|(_, object)| object.get("deleted_at").is_some_and(Value::is_string));
        let deleted: Vec<String> = deleted.map(|(id, _)| id.clone()).collect();
        let id = if deleted.is_empty() { nobody() } else { self.random.one_of(&deleted).clone() };
        match self.random.below(3) {
            0 => self.user.delete(&format!("/v1/trash/{id}")),
            _ => self.user.does(&format!("/v1/trash/{id}/restore")),
        }
    }

    /// The id of a live object, or of none.
    fn any(&mut self, kind: &str) -> String {
        let ids: Vec<String> = self.copy.live(kind).keys().map(ToString::to_string).collect();
        if ids.is_empty() { nobody() } else { self.random.one_of(&ids).clone() }
    }
}

fn nobody() -> String {
    uuid::Uuid::now_v7().to_string()
}

async fn writers_at_once_leave_no_gap(app: &App) {
    let alice = app.user("alice").await;
    let writers = (0..8).map(|writer| {
        let alice = &alice;
        async move {
            for number in 0..10 {
                let task = alice.creates(&format!("{writer}.{number}")).await;
                alice.patch(&path_of(&task), &json!({ "priority": "high" })).await.expect(200);
            }
        }
    });
    futures_util::future::join_all(writers).await;
    let mut copy = Copy::default();
    copy.catches_up(&alice).await;
    assert_eq!(copy.live("task").len(), 80);
    copy.equals_what(&alice).await;
}

async fn a_poll_waits_for_the_next_change(app: &App) {
    let alice = app.user("alice").await;
    alice.creates("before").await;
    let mut copy = Copy::default();
    copy.catches_up(&alice).await;
    let begun = Instant::now();
    let poll = alice.get(&format!("/v1/changes?wait=20s{}", copy.from())).into_future();
    let write = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        alice.creates("meanwhile").await
    };
    let (page, written) = tokio::join!(poll, write);
    assert!(begun.elapsed() < Duration::from_secs(5), "it waited on: {:?}", begun.elapsed());
    assert_eq!(page.expect(200)["items"][0]["object_id"], written["id"]);
}

async fn a_poll_without_a_change_ends_with_a_cursor(app: &App) {
    let alice = app.user("alice").await;
    let mut copy = Copy::default();
    copy.catches_up(&alice).await;
    let page = alice.reads(&format!("/v1/changes?wait=1s{}", copy.from())).await;
    assert_eq!((&page["items"], text(&page["next_cursor"]).is_empty()), (&json!([]), false));
    alice.get("/v1/changes?cursor=nonsense").await.refuses(400, "INVALID_CURSOR");
}

async fn an_act_on_a_tree_tells_of_each_task_under_one_request(app: &App) {
    let alice = app.user("alice").await;
    let top = alice.creates("top").await;
    let below = alice.creates_task(json!({ "title": "below", "parent_id": top["id"] })).await;
    alice
        .does(&format!("{}/complete", path_of(&top)))
        .with("x-request-id", "the-act")
        .await
        .expect(200);
    let told = alice.reads_all("/v1/activity").await;
    let of_the_act: Vec<&Value> =
        told.iter().filter(|change| change["request_id"] == "the-act").collect();
    let objects: Vec<&Value> = of_the_act.iter().map(|change| &change["object_id"]).collect();
    assert!(
        objects.contains(&&top["id"]) && objects.contains(&&below["id"]) && objects.len() == 2,
        "{told:?}"
    );
    assert!(of_the_act.iter().all(|change| change["operation"] == "complete"));
}

async fn the_newest_activity_comes_first(app: &App) {
    let alice = app.user("alice").await;
    let first = alice.creates("first").await;
    let second = alice.creates("second").await;
    let told = alice.reads_all("/v1/activity?limit=1").await;
    let objects: Vec<&Value> = told.iter().map(|change| &change["object_id"]).take(2).collect();
    assert_eq!(objects, [&second["id"], &first["id"]]);
}
