//! What the services say, as clients see it: every field of every shape.
use proto::{auth::v1 as auth, tasks::v1 as tasks};
use serde_json::{Value, json};

use crate::{
    edge::{Edge, ID},
    peers::Outcome,
};

/// Another id.
const OTHER: &str = "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b22";

fn moment(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: 1_788_253_200 + seconds, nanos: 0 })
}

/// What is shown of a message that a service answers a read of `path` with.
async fn shown<M: Send + 'static>(path: &str, message: M) -> Value {
    let edge = Edge::start().await;
    edge.peers.next(Outcome::Gives(Box::new(message)));
    let reply = edge.get(path).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn task() -> tasks::Task {
    tasks::Task {
        id: ID.to_owned(),
        project_id: OTHER.to_owned(),
        parent_id: Some(OTHER.to_owned()),
        title: "Buy milk".to_owned(),
        description: "*Oat*".to_owned(),
        status: tasks::Status::Completed.into(),
        priority: tasks::Priority::Low.into(),
        due: Some(tasks::Due {
            date: None,
            datetime: Some("2026-09-01T09:00:00".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
        }),
        labels: vec!["a".to_owned(), "b".to_owned()],
        rank: "V".to_owned(),
        version: 7,
        created_at: moment(0),
        updated_at: moment(1),
        completed_at: moment(2),
        estimate_minutes: Some(90),
    }
}

#[tokio::test]
async fn a_task_is_shown_with_every_field() {
    let full = json!({
        "id": ID, "project_id": OTHER, "parent_id": OTHER, "title": "Buy milk", "description": "*Oat*",
        "status": "completed", "priority": "low",
        "due": {"datetime": "2026-09-01T09:00:00", "time_zone": "Europe/Berlin"},
        "labels": ["a", "b"], "rank": "V", "version": 7, "created_at": "2026-09-01T09:00:00Z",
        "updated_at": "2026-09-01T09:00:01Z", "completed_at": "2026-09-01T09:00:02Z", "estimate_minutes": 90,
    });
    assert_eq!(shown(&format!("/v1/tasks/{ID}"), task()).await, full);
    let page = tasks::ListTasksResponse { tasks: vec![task()], next_cursor: "c".to_owned() };
    assert_eq!(shown("/v1/tasks", page).await, json!({"items": [full], "next_cursor": "c"}));
}

#[tokio::test]
async fn what_a_task_has_not_is_null_and_what_is_not_known_is_the_first_word() {
    let bare = tasks::Task {
        parent_id: None,
        due: None,
        completed_at: None,
        estimate_minutes: None,
        labels: vec![],
        status: 99,
        priority: 0,
        ..task()
    };
    let json = shown(&format!("/v1/tasks/{ID}"), bare).await;
    for field in ["parent_id", "due", "completed_at", "estimate_minutes"] {
        assert!(json.get(field).is_some_and(Value::is_null), "{field} of {json}");
    }
    assert_eq!((&json["status"], &json["priority"]), (&json!("needs_action"), &json!("none")));
    assert_eq!(json["labels"], json!([]));
    let day = tasks::Due { date: Some("2026-09-01".to_owned()), datetime: None, time_zone: None };
    let json = shown(&format!("/v1/tasks/{ID}"), tasks::Task { due: Some(day), ..task() }).await;
    assert_eq!(json["due"], json!({"date": "2026-09-01"}), "it is of one kind");
}

#[tokio::test]
async fn a_project_is_shown_with_every_field() {
    let project = tasks::Project {
        id: ID.to_owned(),
        name: "Garden".to_owned(),
        is_inbox: true,
        archived: false,
        rank: "V".to_owned(),
        version: 2,
        created_at: moment(0),
        updated_at: moment(1),
    };
    let full = json!({
        "id": ID, "name": "Garden", "is_inbox": true, "archived": false, "rank": "V", "version": 2,
        "created_at": "2026-09-01T09:00:00Z", "updated_at": "2026-09-01T09:00:01Z",
    });
    assert_eq!(shown(&format!("/v1/projects/{ID}"), project.clone()).await, full);
    let page = tasks::ListProjectsResponse { projects: vec![project], next_cursor: String::new() };
    assert_eq!(shown("/v1/projects", page).await, json!({"items": [full], "next_cursor": null}));
}

#[tokio::test]
async fn an_account_and_its_sessions_are_shown_with_every_field() {
    let user = auth::User {
        id: ID.to_owned(),
        email: "ada@example.org".to_owned(),
        name: "Ada".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        version: 3,
        created_at: moment(0),
        updated_at: moment(1),
    };
    let full = json!({
        "id": ID, "email": "ada@example.org", "name": "Ada", "time_zone": "Europe/Berlin", "version": 3,
        "created_at": "2026-09-01T09:00:00Z", "updated_at": "2026-09-01T09:00:01Z",
    });
    assert_eq!(shown("/v1/me", user).await, full);
    let session = auth::Session {
        id: OTHER.to_owned(),
        address: "192.0.2.1".to_owned(),
        user_agent: "curl/8".to_owned(),
        created_at: moment(0),
        last_seen_at: moment(1),
        expires_at: moment(2),
        current: true,
    };
    let page =
        auth::ListSessionsResponse { sessions: vec![session], next_cursor: "more".to_owned() };
    let full = json!({
        "id": OTHER, "address": "192.0.2.1", "user_agent": "curl/8", "created_at": "2026-09-01T09:00:00Z",
        "last_seen_at": "2026-09-01T09:00:01Z", "expires_at": "2026-09-01T09:00:02Z", "current": true,
    });
    assert_eq!(shown("/v1/sessions", page).await, json!({"items": [full], "next_cursor": "more"}));
}

#[tokio::test]
async fn what_is_kept_is_shown_with_every_field() {
    let quota = |used, limit| Some(tasks::Quota { used, limit });
    let usage = tasks::Usage {
        tasks: quota(1, Some(2)),
        projects: quota(3, Some(4)),
        bytes: quota(5, None),
        bytes_today: quota(6, Some(0)),
    };
    let expected = json!({
        "tasks": { "used": 1, "limit": 2 },
        "projects": { "used": 3, "limit": 4 },
        "bytes": { "used": 5, "limit": null },
        "bytes_today": { "used": 6, "limit": 0 },
    });
    assert_eq!(shown("/v1/usage", usage).await, expected);
}

#[tokio::test]
async fn what_was_deleted_is_shown_with_every_field() {
    let item = tasks::TrashItem {
        id: ID.to_owned(),
        object_type: tasks::ObjectType::Project.into(),
        title: "Garden".to_owned(),
        deleted_at: moment(0),
        size: 12,
    };
    let page = tasks::ListTrashResponse { items: vec![item], next_cursor: String::new() };
    let full = json!({
        "id": ID, "object_type": "project", "title": "Garden", "deleted_at": "2026-09-01T09:00:00Z", "size": 12,
    });
    assert_eq!(shown("/v1/trash", page).await, json!({"items": [full], "next_cursor": null}));
    let edge = Edge::start().await;
    let restored = tasks::RestoreTrashResponse {
        object_type: tasks::ObjectType::Task.into(),
        id: ID.to_owned(),
        project_id: OTHER.to_owned(),
        in_place: false,
    };
    edge.peers.next(Outcome::Gives(Box::new(restored)));
    let reply = edge.send("POST", &format!("/v1/trash/{ID}/restore"), "").await;
    let full = json!({"object_type": "task", "id": ID, "project_id": OTHER, "in_place": false});
    assert_eq!((reply.status, reply.json()), (200, full));
}

#[tokio::test]
async fn a_change_is_shown_with_every_field_wherever_it_is_listed() {
    let change = |changes: &str| tasks::Change {
        scope_id: OTHER.to_owned(),
        sequence: 41,
        at: moment(0),
        actor_id: OTHER.to_owned(),
        object_type: tasks::ObjectType::Task.into(),
        object_type_name: String::new(),
        object_id: ID.to_owned(),
        object_version: 7,
        operation: "update".to_owned(),
        changes: changes.to_owned(),
        request_id: "r-1".to_owned(),
        cursor: "c-41".to_owned(),
    };
    let full = |changes: Value| {
        json!({
            "scope_id": OTHER, "sequence": 41, "at": "2026-09-01T09:00:00Z", "actor_id": OTHER,
            "object_type": "task", "object_id": ID, "object_version": 7, "operation": "update",
            "changes": changes, "request_id": "r-1", "cursor": "c-41",
        })
    };
    let changed = r#"{"title":{"from":"a","to":"b"}}"#;
    let renamed = full(json!({"title": {"from": "a", "to": "b"}}));
    let feed = tasks::ListChangesResponse {
        changes: vec![change(changed), change("{broken")],
        next_cursor: "c-42".to_owned(),
        has_more: true,
    };
    let expected =
        json!({"items": [renamed, full(json!({}))], "next_cursor": "c-42", "has_more": true});
    assert_eq!(shown("/v1/changes", feed).await, expected, "what cannot be read is left out");
    let activity =
        tasks::ListActivityResponse { changes: vec![change(changed)], next_cursor: String::new() };
    let expected = json!({"items": [renamed], "next_cursor": null});
    assert_eq!(shown("/v1/activity", activity).await, expected);
    let later = tasks::Change {
        object_type: 99,
        object_type_name: "section".to_owned(),
        operation: "archive".to_owned(),
        ..change(changed)
    };
    let feed = tasks::ListChangesResponse { changes: vec![later], ..Default::default() };
    let told = shown("/v1/changes", feed).await["items"][0].clone();
    assert_eq!((&told["object_type"], &told["operation"]), (&json!("section"), &json!("archive")));
}

#[tokio::test]
async fn the_limits_are_those_that_are_kept() {
    let edge = Edge::with(|config| {
        (config.body_limit, config.max_streams_per_user) = (5_000, 3);
        config.max_polls_per_user = 7;
        (config.rate_limit_user, config.rate_limit_address) = (101, 102);
        (config.rate_limit_login, config.rate_limit_refresh) = (103, 104);
    })
    .await;
    let expected = json!({
        "default_page": 50, "longest_page": 200, "body_bytes": 5_000, "body_depth": 32, "streams": 3,
        "polls": 7,
        "rates": {"user": 101, "address": 102, "login": 103, "refresh": 104},
    });
    assert_eq!(edge.anonymous("GET", "/v1/limits", &[], "").await.json(), expected);
}
