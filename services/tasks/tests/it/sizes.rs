//! What is large comes in pages and batches that a message holds, and all of it comes.
use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateTaskRequest, ListActivityRequest, ListChangesRequest, ListTasksRequest, TaskFields,
    WatchChangesRequest,
};
use tonic::Code;

use crate::app::{App, User, fields};

kit_db::on_each_backend!(
    large_tasks_are_listed_on_pages_that_fit,
    large_changes_are_told_in_pages_and_batches_that_fit,
    a_message_that_is_too_large_is_not_read,
);

/// What a service reads of one message at most.
const MESSAGE: usize = 4 << 20;

async fn a_message_that_is_too_large_is_not_read(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for (length, code) in [(MESSAGE - 64, Code::InvalidArgument), (MESSAGE, Code::OutOfRange)] {
        let description = Some("x".repeat(length));
        let fields = Some(TaskFields { description, ..fields("large") });
        let request = alice.asks(CreateTaskRequest { fields, ..Default::default() });
        let refused = alice.tasks().create_task(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{length}: {refused:?}");
    }
    alice.creates_with(fields("small"), None).await;
}

/// More than a message may have, all together: 64 KiB each, in letters of four bytes.
const COUNT: usize = 80;

async fn fills(user: &User) -> Vec<String> {
    let mut ids = vec![];
    for number in 0..COUNT {
        let description = Some("𝕏".repeat(16 * 1024));
        let large = TaskFields { description, ..fields(&number.to_string()) };
        ids.push(user.creates_with(large, None).await.id);
    }
    ids
}

/// By the name that large pages have.
fn read_where_searches_are(name: &str) {
    let counted = kit_base::metrics::text();
    assert!(counted.contains(&format!("db_operation_name=\"{name}\"")), "{name}");
}

async fn large_tasks_are_listed_on_pages_that_fit(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let mut ids = fills(&alice).await;
    ids.reverse();
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        let request = ListTasksRequest { limit: 200, cursor, ..Default::default() };
        let page = alice.tasks().list_tasks(alice.asks(request)).await.unwrap().into_inner();
        assert!((1..=4).contains(&page.tasks.len()), "{}", page.tasks.len());
        found.extend(page.tasks.into_iter().map(|task| task.id));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(found, ids);
    read_where_searches_are("task.search");
}

async fn large_changes_are_told_in_pages_and_batches_that_fit(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    fills(&alice).await;
    let all: Vec<_> = (1..=1 + COUNT as i64).collect();

    let (mut told, mut cursor) = (vec![], String::new());
    let mut beginning = String::new();
    loop {
        let request = ListChangesRequest { cursor, limit: 200, wait_milliseconds: 0 };
        let page = alice.changes().list_changes(alice.asks(request)).await.unwrap().into_inner();
        if told.is_empty() {
            beginning.clone_from(&page.changes[0].cursor);
        }
        assert!(page.changes.len() < 6, "{}", page.changes.len());
        told.extend(page.changes.into_iter().map(|change| change.sequence));
        cursor = page.next_cursor;
        if !page.has_more {
            break;
        }
    }
    assert_eq!(told, all);

    let request = alice.asks(WatchChangesRequest { cursor: beginning });
    let mut batches = alice.changes().watch_changes(request).await.unwrap().into_inner();
    let mut seen = vec![1];
    while seen.len() < all.len() {
        let batch = batches.message().await.unwrap().expect("a batch");
        assert!((1..6).contains(&batch.changes.len()), "no bookmark while there is more");
        seen.extend(batch.changes.into_iter().map(|change| change.sequence));
    }
    assert_eq!(seen, all);

    let (mut past, mut cursor) = (vec![], String::new());
    loop {
        let request = ListActivityRequest { limit: 200, cursor };
        let page = alice.changes().list_activity(alice.asks(request)).await.unwrap().into_inner();
        past.extend(page.changes.into_iter().map(|change| change.sequence));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    past.reverse();
    assert_eq!(past, all);
    read_where_searches_are("journal.large_after");
    read_where_searches_are("journal.large_before");
}
