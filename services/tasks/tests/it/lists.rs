use kit_db::testing::Backend;
use proto::tasks::v1::{Due, ListTasksRequest, Priority, Status, TaskFields};

use crate::app::{App, User, fields, moment, reason};

kit_db::on_each_backend!(
    pages_hold_each_task_once_in_every_order,
    filters_narrow_a_list,
    a_cursor_serves_only_the_list_it_came_from,
);

async fn titles(user: &User, request: ListTasksRequest) -> Vec<String> {
    let page = user.tasks().list_tasks(user.asks(request)).await.unwrap().into_inner();
    page.tasks.into_iter().map(|task| task.title).collect()
}

async fn all_pages(user: &User, request: ListTasksRequest) -> Vec<String> {
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        let request = ListTasksRequest { cursor, limit: 2, ..request.clone() };
        let page = user.tasks().list_tasks(user.asks(request)).await.unwrap().into_inner();
        assert!(page.tasks.len() <= 2);
        found.extend(page.tasks.into_iter().map(|task| task.title));
        if page.next_cursor.is_empty() {
            return found;
        }
        cursor = page.next_cursor;
    }
}

fn due(date: &str) -> Option<Due> {
    Some(Due { date: Some(date.to_owned()), ..Due::default() })
}

async fn pages_hold_each_task_once_in_every_order(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for (title, day) in [
        ("a", Some("2026-03-01")),
        ("b", None),
        ("c", Some("2026-01-01")),
        ("d", Some("2026-03-01")),
        ("e", None),
    ] {
        alice.creates_with(TaskFields { due: day.and_then(due), ..fields(title) }, None).await;
    }
    let inbox = alice.creates("f").await.project_id;
    let by = |order: &str| ListTasksRequest {
        order_by: order.to_owned(),
        project_id: Some(inbox.clone()),
        ..Default::default()
    };
    for (order, expected) in [
        ("", "f e d c b a"),
        ("-created_at", "f e d c b a"),
        ("created_at", "a b c d e f"),
        ("due", "c a d b e f"),
        ("-due", "d a c b e f"),
        ("rank", "a b c d e f"),
        ("-rank", "f e d c b a"),
    ] {
        assert_eq!(all_pages(&alice, by(order)).await.join(" "), expected, "{order}");
    }
}

async fn filters_narrow_a_list(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    let labels = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect::<Vec<_>>();
    let urgent = Some(Priority::Urgent.into());
    alice
        .creates_with(
            TaskFields {
                labels: labels(&["Home", "soon"]),
                priority: urgent,
                ..fields("Buy 100% oats")
            },
            None,
        )
        .await;
    alice
        .creates_with(
            TaskFields { labels: labels(&["home"]), due: due("2026-01-01"), ..fields("Sweep") },
            None,
        )
        .await;
    let described = TaskFields {
        description: Some("with OATS".to_owned()),
        status: Some(Status::Completed.into()),
        ..fields("Bake")
    };
    alice.creates_with(described, None).await;
    bob.creates("Oats of another").await;
    let none = ListTasksRequest::default;
    let cases = [
        (ListTasksRequest { label: labels(&["HOME"]), ..none() }, "Sweep Buy 100% oats"),
        (ListTasksRequest { label: labels(&["home", "soon"]), ..none() }, "Buy 100% oats"),
        (ListTasksRequest { query: Some("oats".to_owned()), ..none() }, "Bake Buy 100% oats"),
        (ListTasksRequest { query: Some("oats BUY".to_owned()), ..none() }, "Buy 100% oats"),
        (ListTasksRequest { query: Some("0%".to_owned()), ..none() }, "Buy 100% oats"),
        (ListTasksRequest { query: Some("_".to_owned()), ..none() }, ""),
        (ListTasksRequest { status: vec![Status::Completed.into()], ..none() }, "Bake"),
        (
            ListTasksRequest {
                status: vec![Status::Completed.into(), Status::NeedsAction.into()],
                ..none()
            },
            "Bake Sweep Buy 100% oats",
        ),
        (ListTasksRequest { priority: vec![Priority::Urgent.into()], ..none() }, "Buy 100% oats"),
        (ListTasksRequest { due_before: Some(moment("2026-01-02T00:00:00Z")), ..none() }, "Sweep"),
        (ListTasksRequest { due_before: Some(moment("2026-01-01T00:00:00Z")), ..none() }, ""),
    ];
    for (request, expected) in cases {
        assert_eq!(titles(&alice, request.clone()).await.join(" "), expected, "{request:?}");
    }
}

async fn a_cursor_serves_only_the_list_it_came_from(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    alice.creates("a").await;
    alice.creates("b").await;
    let ask = async |request| alice.tasks().list_tasks(alice.asks(request)).await;
    let first = ListTasksRequest { limit: 1, ..ListTasksRequest::default() };
    let cursor = ask(first.clone()).await.unwrap().into_inner().next_cursor;
    let other =
        ListTasksRequest { cursor: cursor.clone(), order_by: "due".to_owned(), ..first.clone() };
    assert_eq!(reason(ask(other).await), "CURSOR_MISMATCH");
    assert_eq!(
        reason(ask(ListTasksRequest { cursor: "x".to_owned(), ..first.clone() }).await),
        "INVALID_CURSOR"
    );
    assert_eq!(
        reason(ask(ListTasksRequest { limit: 201, ..first.clone() }).await),
        "INVALID_LIMIT"
    );
    assert_eq!(
        reason(ask(ListTasksRequest { order_by: "rank".to_owned(), ..first }).await),
        "VALIDATION_FAILED"
    );
}
