//! Cursors that were never given out: each is refused, or read as far as it goes, and none fails the service.
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit_db::testing::Backend;
use proto::tasks::v1::{
    ListActivityRequest, ListChangesRequest, ListProjectsRequest, ListTasksRequest,
    ListTrashRequest, WatchChangesRequest,
};
use serde_json::{Value, json};
use tonic::{Code, Response, Status};

use crate::app::{App, User, fields};

kit_db::on_each_backend!(
    a_forged_cursor_of_tasks_fails_nothing,
    a_forged_cursor_of_the_feed_fails_nothing,
    a_forged_cursor_of_any_other_list_fails_nothing,
    a_list_before_any_moment_fails_nothing,
);

/// The same cursor with another position in it.
pub(crate) fn forged(cursor: &str, position: &Value) -> String {
    let json = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    let mut parts: Value = serde_json::from_slice(&json).unwrap();
    parts[1] = position.clone();
    URL_SAFE_NO_PAD.encode(parts.to_string())
}

#[track_caller]
fn answered<T>(outcome: Result<Response<T>, Status>, position: &Value) {
    if let Err(status) = outcome {
        let refused = [Code::InvalidArgument, Code::OutOfRange].contains(&status.code());
        assert!(refused, "{position}: {status:?}");
    }
}

const ID: &str = "01a22219-328d-797c-a299-3514c8f144d2";

/// Positions at and beyond every edge, and of every wrong shape.
fn positions() -> Vec<Value> {
    let mut positions = vec![
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!("x"),
        json!([["x"]]),
        json!(["a\u{0}b", ID]),
        json!(["'; DROP TABLE tasks", ID]),
        json!({ "Rank": ["\u{0}", ID] }),
        json!({ "Rank": ["z".repeat(5_000), ID] }),
        json!({ "Nothing": [1, ID] }),
    ];
    for number in [i64::MIN, i64::MIN + 1, -1, 0, 1, 1 << 53, i64::MAX - 1, i64::MAX] {
        positions.extend([
            json!(number),
            json!([number, ID]),
            json!([[ID, number]]),
            json!({ "Created": [number, ID] }),
            json!({ "Due": [number, ID] }),
        ]);
    }
    positions.extend([json!(1e300), json!([1.5, ID]), json!({ "Due": [u64::MAX, ID] })]);
    positions
}

async fn fills(user: &User) -> String {
    let due =
        |date: &str| proto::tasks::v1::Due { date: Some(date.to_owned()), ..Default::default() };
    let mut project = String::new();
    for date in ["2026-09-01", "2026-09-02"] {
        let fields = proto::tasks::v1::TaskFields { due: Some(due(date)), ..fields("x") };
        project = user.creates_with(fields, None).await.project_id;
    }
    project
}

async fn a_forged_cursor_of_tasks_fails_nothing(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let project = fills(&alice).await;
    for order_by in ["", "created_at", "due", "-due", "rank", "-rank"] {
        let page = |cursor: String| {
            let (order_by, project_id) = (order_by.to_owned(), Some(project.clone()));
            let limit = 1;
            alice.asks(ListTasksRequest {
                order_by,
                project_id,
                limit,
                cursor,
                ..Default::default()
            })
        };
        let first = alice.tasks().list_tasks(page(String::new())).await.unwrap().into_inner();
        for position in positions() {
            let outcome =
                alice.tasks().list_tasks(page(forged(&first.next_cursor, &position))).await;
            answered(outcome, &position);
        }
        let next = alice.tasks().list_tasks(page(first.next_cursor)).await.unwrap().into_inner();
        assert_eq!(next.tasks.len(), 1, "{order_by}");
    }
}

async fn a_forged_cursor_of_the_feed_fails_nothing(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    fills(&alice).await;
    let page = |cursor| alice.asks(ListChangesRequest { cursor, limit: 1, wait_milliseconds: 0 });
    let first = alice.changes().list_changes(page(String::new())).await.unwrap().into_inner();
    let scope = &first.changes[0].scope_id;
    let of_scope = positions().into_iter().map(|position| match position {
        Value::Array(mut list) if list.first().is_some_and(Value::is_array) => {
            list[0][0] = json!(scope);
            Value::Array(list)
        }
        other => other,
    });
    for position in positions().into_iter().chain(of_scope) {
        let cursor = forged(&first.next_cursor, &position);
        answered(alice.changes().list_changes(page(cursor.clone())).await, &position);
        let watch = alice.asks(WatchChangesRequest { cursor });
        answered(alice.changes().watch_changes(watch).await.map(|_| Response::new(())), &position);
    }
    for (position, code) in [
        (json!([[scope, 1]]), Code::Ok),
        (json!([[scope, 0]]), Code::Ok),
        (json!([[scope, -1]]), Code::InvalidArgument),
        (json!([[scope, 1_000]]), Code::OutOfRange),
        (json!([[scope, i64::MAX]]), Code::OutOfRange),
        (json!([[ID, 1]]), Code::InvalidArgument),
        (json!([[ID, 5], [scope, 1]]), Code::Ok),
        (json!([]), Code::InvalidArgument),
    ] {
        let outcome =
            alice.changes().list_changes(page(forged(&first.next_cursor, &position))).await;
        assert_eq!(outcome.map_or_else(|status| status.code(), |_| Code::Ok), code, "{position}");
    }
}

async fn a_forged_cursor_of_any_other_list_fails_nothing(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    fills(&alice).await;
    let activity = |cursor| alice.asks(ListActivityRequest { limit: 1, cursor });
    let first = alice.changes().list_activity(activity(String::new())).await.unwrap();
    let of_activity = first.into_inner().next_cursor;
    let name = "Home".to_owned();
    let project = alice.asks(proto::tasks::v1::CreateProjectRequest { id: None, name });
    alice.projects().create_project(project).await.unwrap();
    let projects = |cursor| alice.asks(ListProjectsRequest { archived: None, limit: 1, cursor });
    let first = alice.projects().list_projects(projects(String::new())).await.unwrap();
    let of_projects = first.into_inner().next_cursor;
    for title in ["a", "b"] {
        let id = alice.creates(title).await.id;
        let delete = proto::tasks::v1::DeleteTaskRequest { id, if_version: None };
        alice.tasks().delete_task(alice.asks(delete)).await.unwrap();
    }
    let trash = |cursor| alice.asks(ListTrashRequest { limit: 1, cursor });
    let first = alice.trash().list_trash(trash(String::new())).await.unwrap();
    let of_trash = first.into_inner().next_cursor;
    for position in positions() {
        let cursor = forged(&of_activity, &position);
        answered(alice.changes().list_activity(activity(cursor)).await, &position);
        let cursor = forged(&of_projects, &position);
        answered(alice.projects().list_projects(projects(cursor)).await, &position);
        let cursor = forged(&of_trash, &position);
        answered(alice.trash().list_trash(trash(cursor)).await, &position);
    }
}

async fn a_list_before_any_moment_fails_nothing(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    fills(&alice).await;
    for (seconds, nanos, found) in [
        (i64::MIN, i32::MIN, 0),
        (-1_000_000_000_000, 0, 0),
        (0, 0, 0),
        (1_788_220_800, 1_000, 1),
        (1_000_000_000_000, 0, 2),
        (i64::MAX, i32::MAX, 2),
    ] {
        let due_before = Some(prost_types::Timestamp { seconds, nanos });
        let request = ListTasksRequest { due_before, ..ListTasksRequest::default() };
        let page = alice.tasks().list_tasks(alice.asks(request)).await.unwrap();
        assert_eq!(page.get_ref().tasks.len(), found, "{seconds}");
    }
}
