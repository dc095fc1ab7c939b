use kit_db::testing::Backend;
use proto::tasks::v1::{
    CompleteTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTrashRequest, MoveTaskRequest,
    PurgeTrashRequest, ReopenTaskRequest, RestoreTrashRequest, Status, Task,
};

use crate::app::{App, User, reason};

kit_db::on_each_backend!(
    completing_a_task_completes_what_is_open_below_and_reopening_undoes_that,
    siblings_are_ordered_as_they_were_moved,
    a_tree_has_no_cycle_and_five_levels,
    the_trash_gives_back_what_went_together,
);

async fn now(user: &User, task: &Task) -> Task {
    user.tasks()
        .get_task(user.asks(GetTaskRequest { id: task.id.clone() }))
        .await
        .unwrap()
        .into_inner()
}

async fn moves(
    user: &User,
    message: MoveTaskRequest,
) -> Result<tonic::Response<Task>, tonic::Status> {
    user.tasks().move_task(user.asks(message)).await
}

async fn completing_a_task_completes_what_is_open_below_and_reopening_undoes_that(
    backend: Backend,
) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let root = alice.creates("root").await;
    let (done, open) =
        (alice.creates_under(&root, "done").await, alice.creates_under(&root, "open").await);
    let leaf = alice.creates_under(&open, "leaf").await;
    let complete =
        |task: &Task| alice.asks(CompleteTaskRequest { id: task.id.clone(), if_version: None });
    alice.tasks().complete_task(complete(&done)).await.unwrap();
    alice.tasks().complete_task(complete(&root)).await.unwrap();
    for task in [&root, &done, &open, &leaf] {
        assert_eq!(now(&alice, task).await.status(), Status::Completed, "{}", task.title);
    }
    let reopen =
        |task: &Task| alice.asks(ReopenTaskRequest { id: task.id.clone(), if_version: None });
    alice.tasks().reopen_task(reopen(&root)).await.unwrap();
    assert_eq!(now(&alice, &leaf).await.status(), Status::NeedsAction);
    assert_eq!(
        now(&alice, &done).await.status(),
        Status::Completed,
        "it was completed by an act of its own"
    );
    alice.tasks().complete_task(complete(&root)).await.unwrap();
    alice.tasks().reopen_task(reopen(&leaf)).await.unwrap();
    assert_eq!(
        now(&alice, &root).await.status(),
        Status::NeedsAction,
        "what is open cannot lie below what is done"
    );
}

async fn siblings_are_ordered_as_they_were_moved(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let root = alice.creates("root").await;
    let (a, b) = (alice.creates_under(&root, "a").await, alice.creates_under(&root, "b").await);
    let c = alice.creates_under(&root, "c").await;
    assert!(a.rank < b.rank && b.rank < c.rank);
    let id = |task: &Task| Some(task.id.clone());
    let before = MoveTaskRequest { id: c.id.clone(), before: id(&b), ..MoveTaskRequest::default() };
    let c = moves(&alice, before).await.unwrap().into_inner();
    assert!(a.rank < c.rank && c.rank < b.rank, "{} {} {}", a.rank, c.rank, b.rank);
    let after = MoveTaskRequest { id: a.id.clone(), after: id(&b), ..MoveTaskRequest::default() };
    let a = moves(&alice, after).await.unwrap().into_inner();
    assert!(b.rank < a.rank);
    let stranger =
        MoveTaskRequest { id: a.id.clone(), after: id(&root), ..MoveTaskRequest::default() };
    assert_eq!(reason(moves(&alice, stranger).await), "VALIDATION_FAILED");
    let top = MoveTaskRequest {
        id: a.id.clone(),
        project_id: Some(a.project_id.clone()),
        ..MoveTaskRequest::default()
    };
    assert_eq!(moves(&alice, top).await.unwrap().get_ref().parent_id, None);
}

async fn a_tree_has_no_cycle_and_five_levels(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let mut levels = vec![alice.creates("1").await];
    for level in 2..=5 {
        levels.push(alice.creates_under(levels.last().unwrap(), &level.to_string()).await);
    }
    let below = |id: &Task, parent: &Task| MoveTaskRequest {
        id: id.id.clone(),
        parent_id: Some(parent.id.clone()),
        ..Default::default()
    };
    assert_eq!(reason(moves(&alice, below(&levels[0], &levels[4])).await), "CYCLE");
    assert_eq!(reason(moves(&alice, below(&levels[0], &levels[0])).await), "CYCLE");
    let other = alice.creates("other").await;
    assert_eq!(reason(moves(&alice, below(&other, &levels[4])).await), "TOO_DEEP");
    assert_eq!(reason(moves(&alice, below(&levels[0], &other)).await), "TOO_DEEP");
    assert!(moves(&alice, below(&levels[1], &other)).await.is_ok());
    assert_eq!(now(&alice, &levels[4]).await.parent_id, Some(levels[3].id.clone()));
}

async fn the_trash_gives_back_what_went_together(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let root = alice.creates("root").await;
    let (child, other) =
        (alice.creates_under(&root, "child").await, alice.creates_under(&root, "other").await);
    let delete =
        |task: &Task| alice.asks(DeleteTaskRequest { id: task.id.clone(), if_version: None });
    alice.tasks().delete_task(delete(&child)).await.unwrap();
    alice.tasks().delete_task(delete(&root)).await.unwrap();
    assert_eq!(
        reason(alice.tasks().get_task(alice.asks(GetTaskRequest { id: other.id.clone() })).await),
        "TASK_NOT_FOUND"
    );
    let trash = alice
        .trash()
        .list_trash(alice.asks(ListTrashRequest::default()))
        .await
        .unwrap()
        .into_inner()
        .items;
    let mut held: Vec<_> = trash.iter().map(|item| (item.title.as_str(), item.size)).collect();
    held.sort_unstable();
    assert_eq!(held, [("child", 1), ("root", 2)]);
    let restore = |task: &Task| alice.asks(RestoreTrashRequest { id: task.id.clone() });
    assert!(
        !alice.trash().restore_trash(restore(&child)).await.unwrap().get_ref().in_place,
        "its parent is in the trash"
    );
    assert_eq!(now(&alice, &child).await.parent_id, None);
    assert!(alice.trash().restore_trash(restore(&root)).await.unwrap().get_ref().in_place);
    assert_eq!(now(&alice, &other).await.parent_id, Some(root.id.clone()));
    assert_eq!(reason(alice.trash().restore_trash(restore(&root)).await), "TRASH_NOT_FOUND");
    alice.tasks().delete_task(delete(&root)).await.unwrap();
    alice.trash().purge_trash(alice.asks(PurgeTrashRequest { id: root.id.clone() })).await.unwrap();
    assert_eq!(reason(alice.trash().restore_trash(restore(&root)).await), "TRASH_NOT_FOUND");
    assert_eq!(
        reason(alice.trash().purge_trash(alice.asks(PurgeTrashRequest { id: other.id })).await),
        "TRASH_NOT_FOUND"
    );
}
