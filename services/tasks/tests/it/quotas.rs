//! What an account may keep, and what it is told when that is used up.
use kit_db::testing::Backend;
use proto::tasks::v1::{
    CompleteTaskRequest, CreateProjectRequest, CreateTaskRequest, DeleteProjectRequest,
    DeleteTaskRequest, GetUsageRequest, ListTasksRequest, Project, PurgeTrashRequest, Quota,
    RestoreTrashRequest, Task, TaskFields, UpdateProjectRequest, UpdateTaskRequest, Usage,
};
use tonic::{Code, Response, Status};

use crate::app::{App, User, fields, reason};

kit_db::on_each_backend!(
    who_keeps_as_many_as_may_be_goes_on_when_one_is_gone_for_good,
    who_keeps_as_many_bytes_as_may_be_makes_nothing_larger,
    who_has_written_enough_today_may_only_delete,
    what_a_release_that_does_not_count_writes_is_counted,
    where_nothing_is_bounded_nothing_is_refused,
    what_is_kept_under_a_key_counts_though_nothing_else_was_written,
);

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<Response<T>, Status>) {
    assert_eq!(outcome.as_ref().unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(reason(outcome), "QUOTA_EXCEEDED");
}

async fn creates(user: &User, title: &str) -> Result<Response<Task>, Status> {
    let (id, project_id, parent_id, fields) = (None, None, None, Some(fields(title)));
    let request = CreateTaskRequest { id, project_id, parent_id, fields };
    user.tasks().create_task(user.asks(request)).await
}

async fn describes(user: &User, task: &Task, length: usize) -> Result<Response<Task>, Status> {
    let fields = TaskFields { description: Some("x".repeat(length)), ..TaskFields::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["description".to_owned()] });
    let (id, fields) = (task.id.clone(), Some(fields));
    let request = UpdateTaskRequest { id, fields, update_mask, if_version: None };
    user.tasks().update_task(user.asks(request)).await
}

async fn what_is_kept_under_a_key_counts_though_nothing_else_was_written(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let task = creates(&alice, "one").await.unwrap().into_inner();
    describes(&alice, &task, 3).await.unwrap();
    let before = usage(&alice).await;
    let today = async || usage(&alice).await.bytes_today.unwrap().used;
    let written = before.bytes_today.unwrap().used;
    describes(&alice, &task, 3).await.unwrap();
    assert_eq!(today().await, written, "nothing was");
    let complete = CompleteTaskRequest { id: task.id.clone(), if_version: None };
    alice.tasks().complete_task(alice.asks(complete.clone())).await.unwrap();
    let written = today().await;
    alice.tasks().complete_task(alice.asks_once("k", complete)).await.unwrap();
    assert!((written + 256..written + 1_000).contains(&today().await), "{written}");
    assert_eq!(usage(&alice).await.bytes, before.bytes);
}

async fn renames(user: &User, id: &str, name: &str) -> Result<Response<Project>, Status> {
    let update_mask = Some(prost_types::FieldMask { paths: vec!["name".to_owned()] });
    let (id, name) = (id.to_owned(), Some(name.to_owned()));
    let request = UpdateProjectRequest { id, name, archived: None, update_mask, if_version: None };
    user.projects().update_project(user.asks(request)).await
}

async fn deletes(user: &User, task: &Task) {
    let request = DeleteTaskRequest { id: task.id.clone(), if_version: None };
    user.tasks().delete_task(user.asks(request)).await.unwrap();
}

async fn purges(user: &User, task: &Task) {
    let request = PurgeTrashRequest { id: task.id.clone() };
    user.trash().purge_trash(user.asks(request)).await.unwrap();
}

async fn usage(user: &User) -> Usage {
    user.usage().get_usage(user.asks(GetUsageRequest {})).await.unwrap().into_inner()
}

/// How many were refused by a quota.
fn refusals(quota: &str) -> u64 {
    let text = kit_base::metrics::text();
    let line = format!("errand_tasks_quota_refusals_total{{quota=\"{quota}\"}} ");
    let counted = text.lines().find_map(|told| told.strip_prefix(&line)).map(str::parse::<u64>);
    counted.expect("it is told from the start").unwrap()
}

async fn titles(user: &User) -> Vec<String> {
    let found = user.tasks().list_tasks(user.asks(ListTasksRequest::default())).await;
    found.unwrap().into_inner().tasks.into_iter().map(|task| task.title).collect()
}

async fn who_keeps_as_many_as_may_be_goes_on_when_one_is_gone_for_good(backend: Backend) {
    let app =
        App::with(backend, |config| (config.quota_tasks, config.quota_projects) = (2, 2)).await;
    let (alice, bob) = (app.user(1), app.user(2));
    let one = creates(&alice, "one").await.unwrap().into_inner();
    creates(&alice, "two").await.unwrap();
    let before = refusals("objects");
    refused(creates(&alice, "three").await);
    assert!(refusals("objects") > before, "each refusal is counted");
    creates(&bob, "his own").await.unwrap();
    // The Inbox counts.
    let name = |name: &str| CreateProjectRequest { id: None, name: name.to_owned() };
    alice.projects().create_project(alice.asks(name("Attic"))).await.unwrap();
    refused(alice.projects().create_project(alice.asks(name("Cellar"))).await);
    let Usage { tasks, projects, .. } = usage(&alice).await;
    assert_eq!((tasks, projects), (Some(Quota { used: 2, limit: Some(2) }), tasks));
    deletes(&alice, &one).await;
    refused(creates(&alice, "three").await);
    purges(&alice, &one).await;
    creates(&alice, "three").await.unwrap();
    refused(creates(&alice, "four").await);
    assert_eq!(titles(&alice).await, ["three", "two"]);
}

async fn who_keeps_as_many_bytes_as_may_be_makes_nothing_larger(backend: Backend) {
    let app = App::with(backend, |config| config.quota_bytes = 19_517).await;
    let alice = app.user(1);
    let attic = CreateProjectRequest { id: None, name: "Attic".to_owned() };
    let attic = alice.projects().create_project(alice.asks(attic)).await.unwrap().into_inner();
    let one = creates(&alice, "one").await.unwrap().into_inner();
    let two = creates(&alice, "two").await.unwrap().into_inner();
    describes(&alice, &one, 9_000).await.unwrap();
    let kept = usage(&alice).await.bytes.unwrap();
    assert_eq!(kept, Quota { used: 4 * 512 + 5 + 5 + 2 * (3 + 9_000 + 3), limit: Some(19_517) });
    let before = refusals("bytes");
    refused(creates(&alice, "three").await);
    assert!(refusals("bytes") > before, "each refusal is counted");
    refused(describes(&alice, &two, 1).await);
    refused(describes(&alice, &one, 9_001).await);
    refused(renames(&alice, &attic.id, "Attic, and longer").await);
    renames(&alice, &attic.id, "Attac").await.unwrap();
    let complete = CompleteTaskRequest { id: two.id.clone(), if_version: None };
    alice.tasks().complete_task(alice.asks(complete)).await.unwrap();
    describes(&alice, &one, 8_000).await.unwrap();
    describes(&alice, &two, 1).await.unwrap();
    assert_eq!(usage(&alice).await.bytes.unwrap().used, kept.used - 2 * 999);
}

async fn who_has_written_enough_today_may_only_delete(backend: Backend) {
    let app = App::with(backend, |config| config.quota_bytes_per_day = 20_000).await;
    let (alice, bob) = (app.user(1), app.user(2));
    let attic = CreateProjectRequest { id: None, name: "Attic".to_owned() };
    let attic = alice.projects().create_project(alice.asks(attic)).await.unwrap().into_inner();
    let one = creates(&alice, "one").await.unwrap().into_inner();
    let new = CreateTaskRequest { fields: Some(fields("two")), ..Default::default() };
    let two = alice.tasks().create_task(alice.asks_once("k", new.clone())).await.unwrap();
    let two = two.into_inner();
    let mut last = Ok(Response::new(Task::default()));
    for length in 10_000..10_004 {
        last = describes(&alice, &one, length).await;
    }
    refused(last);
    let today = usage(&alice).await.bytes_today.unwrap();
    assert!((20_000..40_000).contains(&today.used), "{today:?}");
    let before = refusals("bytes_a_day");
    refused(creates(&alice, "three").await);
    assert!(refusals("bytes_a_day") > before, "each refusal is counted");
    refused(describes(&alice, &one, 1).await);
    let name = |name: &str| CreateProjectRequest { id: None, name: name.to_owned() };
    refused(alice.projects().create_project(alice.asks(name("Cellar"))).await);
    let gone = DeleteProjectRequest { id: attic.id, if_version: None };
    alice.projects().delete_project(alice.asks(gone)).await.unwrap();
    // What was written already is answered, and what is there can be read and deleted.
    let again = alice.tasks().create_task(alice.asks_once("k", new)).await.unwrap().into_inner();
    assert_eq!(again, two);
    assert_eq!(titles(&alice).await, ["two", "one"]);
    deletes(&alice, &one).await;
    let restore = RestoreTrashRequest { id: one.id.clone() };
    refused(alice.trash().restore_trash(alice.asks(restore)).await);
    purges(&alice, &one).await;
    creates(&bob, "his own").await.unwrap();
}

async fn what_a_release_that_does_not_count_writes_is_counted(backend: Backend) {
    let app = App::with(backend, |config| config.quota_tasks = 3).await;
    let alice = app.user(1);
    for title in ["one", "two", "three"] {
        creates(&alice, title).await.unwrap();
    }
    refused(creates(&alice, "four").await);
    app.runs("DELETE FROM tasks WHERE title <> 'one'".to_owned()).await;
    assert_eq!(usage(&alice).await.tasks.unwrap().used, 3, "nobody has seen that");
    app.runs("UPDATE scopes SET sequence = sequence + 1".to_owned()).await;
    assert_eq!(usage(&alice).await.tasks.unwrap().used, 1);
    creates(&alice, "two").await.unwrap();
    assert_eq!(usage(&alice).await.tasks.unwrap().used, 2);
}

async fn where_nothing_is_bounded_nothing_is_refused(backend: Backend) {
    let set = |config: &mut tasks::Config| {
        (config.quota_tasks, config.quota_projects) = (0, 0);
        (config.quota_bytes, config.quota_bytes_per_day) = (0, 0);
    };
    let app = App::with(backend, set).await;
    let alice = app.user(1);
    creates(&alice, "one").await.unwrap();
    let Usage { tasks, projects, bytes, bytes_today } = usage(&alice).await;
    assert_eq!((tasks, projects), (Some(Quota { used: 1, limit: None }), tasks));
    assert_eq!((bytes.unwrap().limit, bytes_today.unwrap().limit), (None, None));
}
