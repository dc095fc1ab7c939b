use kit_db::testing::Backend;
use std::collections::HashSet;

use futures_util::future::join_all;
use proto::tasks::v1::{
    CreateTaskRequest, ListChangesRequest, ListTasksRequest, UpdateTaskRequest,
};

use crate::app::{App, User, fields, reason};

kit_db::on_each_backend!(
    a_write_under_a_used_key_is_answered_and_not_repeated,
    a_refused_write_uses_up_no_key,
    racing_writes_under_one_key_make_one_task,
    racing_writes_leave_a_journal_without_gaps,
    of_racing_writes_at_one_version_one_wins,
);

fn new(title: &str) -> CreateTaskRequest {
    CreateTaskRequest { fields: Some(fields(title)), ..CreateTaskRequest::default() }
}

async fn sequences(user: &User) -> Vec<i64> {
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        let request = ListChangesRequest { cursor, limit: 200, wait_milliseconds: 0 };
        let page = user.changes().list_changes(user.asks(request)).await.unwrap().into_inner();
        found.extend(page.changes.iter().map(|change| change.sequence));
        cursor = page.next_cursor;
        if !page.has_more {
            return found;
        }
    }
}

async fn a_write_under_a_used_key_is_answered_and_not_repeated(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let first = alice.tasks().create_task(alice.asks_once("k1", new("Ship it"))).await.unwrap();
    assert!(first.metadata().get("idempotency-replayed").is_none());
    let again = alice.tasks().create_task(alice.asks_once("k1", new("Ship it"))).await.unwrap();
    assert_eq!(again.metadata().get("idempotency-replayed").unwrap(), "true");
    assert_eq!(again.get_ref(), first.get_ref());
    assert_eq!(
        reason(alice.tasks().create_task(alice.asks_once("k1", new("Sail it"))).await),
        "IDEMPOTENCY_KEY_REUSED"
    );
    let bob = app.user(2);
    let others = bob.tasks().create_task(bob.asks_once("k1", new("Sail it"))).await.unwrap();
    assert_eq!(others.get_ref().title, "Sail it", "keys are their user's own");
    let listed = alice
        .tasks()
        .list_tasks(alice.asks(ListTasksRequest::default()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.tasks.len(), 1);
}

async fn a_refused_write_uses_up_no_key(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    assert_eq!(
        reason(alice.tasks().create_task(alice.asks_once("k1", new(""))).await),
        "VALIDATION_FAILED"
    );
    assert!(alice.tasks().create_task(alice.asks_once("k1", new("Ship it"))).await.is_ok());
}

async fn racing_writes_under_one_key_make_one_task(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let racing = (0..40).map(|_| {
        let alice = alice.clone();
        async move {
            alice
                .tasks()
                .create_task(alice.asks_once("k1", new("Ship it")))
                .await
                .unwrap()
                .into_inner()
                .id
        }
    });
    let ids: HashSet<String> = join_all(racing).await.into_iter().collect();
    assert_eq!(ids.len(), 1);
}

async fn racing_writes_leave_a_journal_without_gaps(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let task = alice.creates("counted").await;
    let racing = (0..200).map(|number| {
        let (alice, id) = (alice.clone(), task.id.clone());
        async move {
            if number % 2 == 0 {
                alice.creates(&format!("task {number}")).await;
            } else {
                let update_mask = Some(prost_types::FieldMask { paths: vec!["title".to_owned()] });
                let fields = Some(fields(&format!("counted {number}")));
                let message = UpdateTaskRequest { id, fields, update_mask, if_version: None };
                alice.tasks().update_task(alice.asks(message)).await.unwrap();
            }
        }
    });
    join_all(racing).await;
    // The Inbox, the counted task, a hundred new ones, a hundred changes.
    assert_eq!(sequences(&alice).await, (1..=202).collect::<Vec<_>>());
}

async fn of_racing_writes_at_one_version_one_wins(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let task = alice.creates("Ship it").await;
    let racing = (0..20).map(|number| {
        let (alice, id) = (alice.clone(), task.id.clone());
        async move {
            let update_mask = Some(prost_types::FieldMask { paths: vec!["title".to_owned()] });
            let fields = Some(fields(&format!("by {number}")));
            let message = UpdateTaskRequest { id, fields, update_mask, if_version: Some(1) };
            alice.tasks().update_task(alice.asks(message)).await.is_ok()
        }
    });
    assert_eq!(join_all(racing).await.into_iter().filter(|won| *won).count(), 1);
}
