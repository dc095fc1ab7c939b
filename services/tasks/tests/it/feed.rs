use kit_db::testing::Backend;
use std::time::Duration;

use proto::tasks::v1::{
    Change, CompleteTaskRequest, DeleteTaskRequest, ListActivityRequest, ListChangesRequest,
    PurgeTrashRequest, WatchChangesRequest,
};
use tokio::time::timeout;

use crate::app::{App, User, reason};

kit_db::on_each_backend!(
    the_journal_tells_what_was_done_and_how_it_differs,
    a_long_poll_answers_when_something_happens,
    a_watcher_goes_on_where_it_stopped,
    a_cursor_of_someone_else_opens_nothing,
    what_a_later_release_did_is_told_in_its_words,
);

async fn end(user: &User) -> String {
    let request = ListChangesRequest { limit: 200, ..ListChangesRequest::default() };
    user.changes().list_changes(user.asks(request)).await.unwrap().into_inner().next_cursor
}

async fn the_journal_tells_what_was_done_and_how_it_differs(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let cursor = end(&alice).await;
    let task = alice.creates("Ship it").await;
    alice
        .tasks()
        .complete_task(alice.asks(CompleteTaskRequest { id: task.id.clone(), if_version: None }))
        .await
        .unwrap();
    alice
        .tasks()
        .delete_task(alice.asks(DeleteTaskRequest { id: task.id.clone(), if_version: None }))
        .await
        .unwrap();
    alice.trash().purge_trash(alice.asks(PurgeTrashRequest { id: task.id.clone() })).await.unwrap();
    let request = ListChangesRequest { cursor, ..ListChangesRequest::default() };
    let page = alice.changes().list_changes(alice.asks(request)).await.unwrap().into_inner();
    let told: Vec<_> = page
        .changes
        .iter()
        .map(|change| (change.operation.as_str(), change.object_version))
        .collect();
    assert_eq!(told, [("create", 1), ("complete", 2), ("delete", 3), ("purge", 4)]);
    assert!(
        page.changes[0].changes.contains(r#""title": {"to": "Ship it"}"#)
            || page.changes[0].changes.contains(r#""title":{"to":"Ship it"}"#)
    );
    assert!(page.changes[1].changes.contains("needs_action"), "{}", page.changes[1].changes);
    let activity = alice
        .changes()
        .list_activity(alice.asks(ListActivityRequest { limit: 2, ..Default::default() }))
        .await
        .unwrap();
    let newest: Vec<_> =
        activity.get_ref().changes.iter().map(|change| change.operation.as_str()).collect();
    assert_eq!(newest, ["purge", "delete"]);
}

async fn a_long_poll_answers_when_something_happens(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    let cursor = end(&alice).await;
    let poll = {
        let alice = alice.clone();
        kit_base::work::detach(async move {
            let request = ListChangesRequest { cursor, limit: 0, wait_milliseconds: 20_000 };
            alice.changes().list_changes(alice.asks(request)).await.unwrap().into_inner()
        })
    };
    bob.creates("of no concern to Alice").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!poll.is_finished());
    let task = alice.creates("Ship it").await;
    let page = timeout(Duration::from_secs(2), poll).await.unwrap().unwrap();
    assert_eq!(page.changes.iter().map(|change| &change.object_id).collect::<Vec<_>>(), [&task.id]);
}

async fn a_watcher_goes_on_where_it_stopped(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (first, second) = (alice.creates("first").await, alice.creates("second").await);
    let request = ListChangesRequest { limit: 2, ..ListChangesRequest::default() };
    let page = alice.changes().list_changes(alice.asks(request)).await.unwrap().into_inner();
    assert_eq!(page.changes[1].object_id, first.id);
    let cursor = page.changes[1].cursor.clone();
    let mut watched = alice
        .changes()
        .watch_changes(alice.asks(WatchChangesRequest { cursor }))
        .await
        .unwrap()
        .into_inner();
    let batch = timeout(Duration::from_secs(2), watched.message()).await.unwrap().unwrap().unwrap();
    assert_eq!(
        batch.changes.iter().map(|change| &change.object_id).collect::<Vec<_>>(),
        [&second.id]
    );
    let third = alice.creates("third").await;
    let batch = timeout(Duration::from_secs(2), watched.message()).await.unwrap().unwrap().unwrap();
    assert_eq!(
        batch.changes.iter().map(|change| &change.object_id).collect::<Vec<_>>(),
        [&third.id]
    );
}

async fn a_cursor_of_someone_else_opens_nothing(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    alice.creates("secret").await;
    let cursor = end(&alice).await;
    let request = ListChangesRequest { cursor: cursor.clone(), ..ListChangesRequest::default() };
    assert_eq!(reason(bob.changes().list_changes(bob.asks(request)).await), "INVALID_CURSOR");
    let outcome = bob.changes().watch_changes(bob.asks(WatchChangesRequest { cursor })).await;
    assert_eq!(outcome.unwrap_err().code(), tonic::Code::InvalidArgument);
}

async fn what_a_later_release_did_is_told_in_its_words(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    alice.creates("Ship it").await;
    let later =
        "UPDATE journal SET object_type = 'section', operation = 'archive' WHERE sequence = 2";
    app.runs(later.to_owned()).await;
    let told = |changes: &[Change]| {
        let words = changes.iter().map(|it| (it.object_type_name.clone(), it.operation.clone()));
        words.collect::<Vec<_>>()
    };
    let word = |of: &str, operation: &str| (of.to_owned(), operation.to_owned());
    let expected = [word("project", "create"), word("section", "archive")];
    let feed = alice.changes().list_changes(alice.asks(ListChangesRequest::default())).await;
    assert_eq!(told(&feed.unwrap().get_ref().changes), expected);
    let activity = alice.changes().list_activity(alice.asks(ListActivityRequest::default())).await;
    let newest_first: Vec<_> = expected.into_iter().rev().collect();
    assert_eq!(told(&activity.unwrap().get_ref().changes), newest_first);
}
