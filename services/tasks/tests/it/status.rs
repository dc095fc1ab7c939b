use kit_db::testing::Backend;
use proto::tasks::v1::{
    CompleteTaskRequest, CreateTaskRequest, GetTaskRequest, ListActivityRequest,
    ListChangesRequest, MoveTaskRequest, ReopenTaskRequest, Status, Task, TaskFields,
    UpdateTaskRequest,
};

use crate::app::{App, User, fields};

kit_db::on_each_backend!(
    a_patch_of_the_status_does_what_the_act_of_that_name_does,
    what_cancels_a_task_cancels_what_is_open_below,
    what_is_open_opens_what_it_comes_under,
    a_closed_task_that_comes_under_a_closed_one_opens_nothing,
    completing_and_reopening_do_what_is_left_to_do_from_every_status,
    an_act_is_undone_with_all_that_it_closed_wherever_that_is_opened_from,
);

async fn now(user: &User, task: &Task) -> Task {
    let request = GetTaskRequest { id: task.id.clone() };
    user.tasks().get_task(user.asks(request)).await.unwrap().into_inner()
}

async fn statuses(user: &User, tasks: &[&Task]) -> Vec<Status> {
    let mut found = vec![];
    for task in tasks {
        found.push(now(user, task).await.status());
    }
    found
}

fn patch(task: &Task, status: Status) -> UpdateTaskRequest {
    UpdateTaskRequest {
        id: task.id.clone(),
        fields: Some(TaskFields { status: Some(status.into()), ..TaskFields::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["status".to_owned()] }),
        if_version: None,
    }
}

/// A root with a subtask that has one.
async fn tree(user: &User) -> [Task; 3] {
    let root = user.creates("root").await;
    let branch = user.creates_under(&root, "branch").await;
    let leaf = user.creates_under(&branch, "leaf").await;
    [root, branch, leaf]
}

/// What the journal says of these tasks, from `after` on: each by its place among them, with the operation and the changes.
async fn told(user: &User, tasks: &[Task], after: usize) -> Vec<(usize, String, String)> {
    let request = ListChangesRequest { limit: 200, ..ListChangesRequest::default() };
    let page = user.changes().list_changes(user.asks(request)).await.unwrap().into_inner();
    let mut told = vec![];
    for change in &page.changes[after..] {
        let place = tasks.iter().position(|task| task.id == change.object_id).unwrap();
        let changes: serde_json::Value = serde_json::from_str(&change.changes).unwrap();
        told.push((place, change.operation.clone(), changes["status"].to_string()));
    }
    told.sort();
    told
}

async fn a_patch_of_the_status_does_what_the_act_of_that_name_does(backend: Backend) {
    let app = App::new(backend).await;
    let (acting, patching) = (app.user(1), app.user(2));
    let (acted, patched) = (tree(&acting).await, tree(&patching).await);
    let complete = CompleteTaskRequest { id: acted[0].id.clone(), if_version: None };
    let one = acting.tasks().complete_task(acting.asks(complete)).await.unwrap().into_inner();
    let message = patching.asks(patch(&patched[0], Status::Completed));
    let other = patching.tasks().update_task(message).await.unwrap().into_inner();
    assert_eq!((one.status, one.version), (other.status, other.version));
    assert!(one.completed_at.is_some() && other.completed_at.is_some());
    assert_eq!(told(&acting, &acted, 4).await, told(&patching, &patched, 4).await);
    assert_eq!(told(&acting, &acted, 4).await.len(), 3);

    let reopen = ReopenTaskRequest { id: acted[2].id.clone(), if_version: None };
    acting.tasks().reopen_task(acting.asks(reopen)).await.unwrap();
    let open = patch(&patched[2], Status::NeedsAction);
    patching.tasks().update_task(patching.asks(open)).await.unwrap();
    assert_eq!(told(&acting, &acted, 7).await, told(&patching, &patched, 7).await);
    for (user, tasks) in [(&acting, &acted), (&patching, &patched)] {
        assert_eq!(statuses(user, &tasks.each_ref()).await, [Status::NeedsAction; 3]);
    }
}

async fn what_cancels_a_task_cancels_what_is_open_below(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let [root, branch, leaf] = tree(&alice).await;
    alice.tasks().update_task(alice.asks(patch(&leaf, Status::Completed))).await.unwrap();
    alice.tasks().update_task(alice.asks(patch(&root, Status::Cancelled))).await.unwrap();
    let expected = [Status::Cancelled, Status::Cancelled, Status::Completed];
    assert_eq!(statuses(&alice, &[&root, &branch, &leaf]).await, expected);
    assert!(now(&alice, &root).await.completed_at.is_none());

    alice.tasks().update_task(alice.asks(patch(&root, Status::InProcess))).await.unwrap();
    let expected = [Status::InProcess, Status::NeedsAction, Status::Completed];
    assert_eq!(statuses(&alice, &[&root, &branch, &leaf]).await, expected);
}

async fn what_is_open_opens_what_it_comes_under(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let [root, branch, leaf] = tree(&alice).await;
    let close = || alice.asks(CompleteTaskRequest { id: root.id.clone(), if_version: None });

    alice.tasks().complete_task(close()).await.unwrap();
    alice.creates_under(&branch, "new").await;
    let expected = [Status::NeedsAction, Status::NeedsAction, Status::Completed];
    assert_eq!(statuses(&alice, &[&root, &branch, &leaf]).await, expected);

    alice.tasks().complete_task(close()).await.unwrap();
    let open = alice.creates("open").await;
    let under = MoveTaskRequest {
        id: open.id.clone(),
        parent_id: Some(leaf.id.clone()),
        ..MoveTaskRequest::default()
    };
    alice.tasks().move_task(alice.asks(under)).await.unwrap();
    assert_eq!(statuses(&alice, &[&root, &branch, &leaf]).await, [Status::NeedsAction; 3]);
}

async fn a_closed_task_that_comes_under_a_closed_one_opens_nothing(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let [root, branch, leaf] = tree(&alice).await;
    let close = CompleteTaskRequest { id: root.id.clone(), if_version: None };
    alice.tasks().complete_task(alice.asks(close)).await.unwrap();
    let done = TaskFields { status: Some(Status::Completed.into()), ..fields("done") };
    let message = CreateTaskRequest {
        fields: Some(done),
        parent_id: Some(leaf.id.clone()),
        ..CreateTaskRequest::default()
    };
    let made = alice.tasks().create_task(alice.asks(message)).await.unwrap().into_inner();
    assert!(made.completed_at.is_some());
    assert_eq!(statuses(&alice, &[&root, &branch, &leaf]).await, [Status::Completed; 3]);
}

async fn completing_and_reopening_do_what_is_left_to_do_from_every_status(backend: Backend) {
    use Status::{Cancelled, Completed, InProcess, NeedsAction};
    let app = App::new(backend).await;
    let alice = app.user(1);
    for (before, complete, after, told) in [
        (NeedsAction, true, Completed, Some("complete")),
        (InProcess, true, Completed, Some("complete")),
        (Completed, true, Completed, None),
        (Cancelled, true, Completed, Some("complete")),
        (NeedsAction, false, NeedsAction, None),
        (InProcess, false, InProcess, None),
        (Completed, false, NeedsAction, Some("reopen")),
        (Cancelled, false, NeedsAction, Some("reopen")),
    ] {
        let fields = TaskFields { status: Some(before.into()), ..fields("x") };
        let made = alice.creates_with(fields, None).await;
        let (id, if_version) = (made.id.clone(), None);
        let act = if complete {
            alice.tasks().complete_task(alice.asks(CompleteTaskRequest { id, if_version })).await
        } else {
            alice.tasks().reopen_task(alice.asks(ReopenTaskRequest { id, if_version })).await
        };
        let (task, said) = (act.unwrap().into_inner(), format!("{before:?}, {complete}"));
        assert_eq!(task.status(), after, "{said}");
        assert_eq!(task.completed_at.is_some(), after == Completed, "{said}");
        assert_eq!(task.version, 1 + i64::from(told.is_some()), "{said}");
        let request = alice.asks(ListActivityRequest { limit: 1, ..Default::default() });
        let activity = alice.changes().list_activity(request).await.unwrap().into_inner();
        assert_eq!(activity.changes[0].operation, told.unwrap_or("create"), "{said}");
        assert_eq!(activity.changes[0].object_id, task.id, "{said}");
    }
}

/// A leaf that was closed before its branch, and the branch before the root: three acts.
async fn an_act_is_undone_with_all_that_it_closed_wherever_that_is_opened_from(backend: Backend) {
    use Status::{Completed, NeedsAction};
    let app = App::new(backend).await;
    let alice = app.user(1);
    for (opened, expected) in [
        (0, [NeedsAction, Completed, Completed, NeedsAction]),
        (1, [NeedsAction, NeedsAction, Completed, Completed]),
        (2, [NeedsAction, NeedsAction, NeedsAction, Completed]),
        (3, [NeedsAction, Completed, Completed, NeedsAction]),
    ] {
        let [root, branch, leaf] = tree(&alice).await;
        let other = alice.creates_under(&root, "other").await;
        for task in [&leaf, &branch, &root] {
            let close = CompleteTaskRequest { id: task.id.clone(), if_version: None };
            alice.tasks().complete_task(alice.asks(close)).await.unwrap();
        }
        let all = [&root, &branch, &leaf, &other];
        assert_eq!(statuses(&alice, &all).await, [Completed; 4]);
        let open = ReopenTaskRequest { id: all[opened].id.clone(), if_version: None };
        alice.tasks().reopen_task(alice.asks(open)).await.unwrap();
        assert_eq!(statuses(&alice, &all).await, expected, "{} was opened", all[opened].title);
    }
}
