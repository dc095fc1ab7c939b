//! Each reason to refuse, provoked once by who asks for it.
use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use kit_base::Clock;
use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateProjectRequest, CreateTaskRequest, DeleteProjectRequest, DeleteTaskRequest,
    GetProjectRequest, GetTaskRequest, ListChangesRequest, ListTasksRequest, MoveTaskRequest,
    PurgeTrashRequest, Task, TaskFields, UpdateProjectRequest,
};
use tonic::{Code, Response, Status};
use uuid::Uuid;

use crate::app::{App, User, fields, reason};

kit_db::on_each_backend!(
    who_names_what_is_not_there_is_told_what_is_missing,
    who_writes_what_cannot_be_is_told_why,
    who_reads_behind_an_impossible_place_is_told_so,
    a_refusal_under_a_key_names_the_key,
    writes_that_wait_are_so_many_and_so_many_bytes,
    nothing_is_written_while_ended_sessions_go_unheard,
);

/// What the resources' enums say, and where each is provoked.
const SOURCES: [&str; 6] = [
    include_str!("../../src/access/error.rs"),
    include_str!("../../src/journal/error.rs"),
    include_str!("../../src/projects/error.rs"),
    include_str!("../../src/searches/error.rs"),
    include_str!("../../src/tasks/error.rs"),
    include_str!("../../src/trash/error.rs"),
];
const PROVOKED: [&str; 11] = [
    "CURSOR_EXPIRED",
    "CYCLE",
    "IDEMPOTENCY_KEY_REUSED",
    "ID_TAKEN",
    "INBOX_IS_FIXED",
    "PROJECT_ARCHIVED",
    "PROJECT_NOT_FOUND",
    "SEARCH_TOO_SLOW",
    "TASK_NOT_FOUND",
    "TOO_DEEP",
    "TRASH_NOT_FOUND",
];
/// `tasks.rs` provokes the first, `erasure.rs` the second, `quotas.rs` the third; the others take a thousand writes that wait, hundreds of searches or listeners, or ten thousand subtasks: see
/// the unit tests.
const ELSEWHERE: [&str; 8] = [
    "VERSION_MISMATCH",
    "SESSION_ENDED",
    "QUOTA_EXCEEDED",
    "BUSY",
    "DEADLINE_EXCEEDED",
    "TOO_MANY_AT_ONCE",
    "TOO_MANY_LISTENERS",
    "TOO_MANY_SUBTASKS",
];

#[test]
fn no_reason_is_left_out() {
    let is_reason = |text: &&str| {
        text.len() > 3 && text.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    let written: BTreeSet<&str> =
        SOURCES.iter().flat_map(|source| source.split('"')).filter(is_reason).collect();
    assert_eq!(written, PROVOKED.into_iter().chain(ELSEWHERE).collect());
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<Response<T>, Status>, code: Code, why: &str) {
    assert_eq!(outcome.as_ref().unwrap_err().code(), code, "{why}");
    assert_eq!(reason(outcome), why);
}

fn other_id() -> String {
    Uuid::from_u128(0x7000_8000_0000_0000_0001).to_string()
}

async fn who_names_what_is_not_there_is_told_what_is_missing(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for id in [other_id(), String::new(), "x".repeat(10_000), "../tasks".to_owned()] {
        let task = alice.asks(GetTaskRequest { id: id.clone() });
        refused(alice.tasks().get_task(task).await, Code::NotFound, "TASK_NOT_FOUND");
        let task = alice.asks(DeleteTaskRequest { id: id.clone(), if_version: None });
        refused(alice.tasks().delete_task(task).await, Code::NotFound, "TASK_NOT_FOUND");
        let project = alice.asks(GetProjectRequest { id: id.clone() });
        refused(alice.projects().get_project(project).await, Code::NotFound, "PROJECT_NOT_FOUND");
        let trash = alice.asks(PurgeTrashRequest { id });
        refused(alice.trash().purge_trash(trash).await, Code::NotFound, "TRASH_NOT_FOUND");
    }
}

async fn moves_under(user: &User, task: &Task, parent: &Task) -> Result<Response<Task>, Status> {
    let (id, parent_id) = (task.id.clone(), Some(parent.id.clone()));
    user.tasks().move_task(user.asks(MoveTaskRequest { id, parent_id, ..Default::default() })).await
}

async fn who_writes_what_cannot_be_is_told_why(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let root = alice.creates("1").await;
    let mut deepest = root.clone();
    for title in ["2", "3", "4", "5"] {
        deepest = alice.creates_under(&deepest, title).await;
    }
    refused(moves_under(&alice, &root, &deepest).await, Code::FailedPrecondition, "CYCLE");
    let new = |id: Option<String>, project_id: Option<String>, parent_id: Option<String>| {
        let fields = Some(fields("x"));
        alice.asks(CreateTaskRequest { id, project_id, parent_id, fields })
    };
    let below = alice.tasks().create_task(new(None, None, Some(deepest.id.clone()))).await;
    refused(below, Code::FailedPrecondition, "TOO_DEEP");
    let id = Uuid::now_v7().to_string();
    alice.tasks().create_task(new(Some(id.clone()), None, None)).await.unwrap();
    refused(
        alice.tasks().create_task(new(Some(id), None, None)).await,
        Code::AlreadyExists,
        "ID_TAKEN",
    );
    let project = alice.asks(CreateProjectRequest { id: None, name: "Attic".to_owned() });
    let project = alice.projects().create_project(project).await.unwrap().into_inner();
    let paths = vec!["archived".to_owned()];
    let archive = UpdateProjectRequest {
        id: project.id.clone(),
        update_mask: Some(prost_types::FieldMask { paths }),
        archived: Some(true),
        ..UpdateProjectRequest::default()
    };
    alice.projects().update_project(alice.asks(archive)).await.unwrap();
    let into = alice.tasks().create_task(new(None, Some(project.id), None)).await;
    refused(into, Code::FailedPrecondition, "PROJECT_ARCHIVED");
    let inbox = alice.asks(DeleteProjectRequest { id: root.project_id, if_version: None });
    let outcome = alice.projects().delete_project(inbox).await;
    refused(outcome, Code::FailedPrecondition, "INBOX_IS_FIXED");
}

async fn who_reads_behind_an_impossible_place_is_told_so(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    alice.creates("x").await;
    let feed = |cursor: String, limit| {
        alice.asks(ListChangesRequest { cursor, limit, wait_milliseconds: 0 })
    };
    let mine = alice.changes().list_changes(feed(String::new(), 0)).await.unwrap();
    let mine = mine.into_inner();
    let (own, scope) = (mine.next_cursor, &mine.changes[0].scope_id);
    // A cursor ahead of the journal, as after a restored backup.
    let ahead = crate::cursors::forged(&own, &serde_json::json!([[scope, 999]]));
    let outcome = alice.changes().list_changes(feed(ahead, 0)).await;
    refused(outcome, Code::OutOfRange, "CURSOR_EXPIRED");
    let outcome = alice.changes().list_changes(feed("?".to_owned(), 0)).await;
    refused(outcome, Code::InvalidArgument, "INVALID_CURSOR");
    for limit in [-1, 201, i32::MIN, i32::MAX] {
        let outcome = alice.changes().list_changes(feed(String::new(), limit)).await;
        refused(outcome, Code::InvalidArgument, "INVALID_LIMIT");
    }
    let list = alice.asks(ListTasksRequest { cursor: own, ..ListTasksRequest::default() });
    let outcome = alice.tasks().list_tasks(list).await;
    refused(outcome, Code::InvalidArgument, "CURSOR_MISMATCH");
}

async fn a_refusal_under_a_key_names_the_key(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let new = |title: &str| CreateTaskRequest { fields: Some(fields(title)), ..Default::default() };
    alice.tasks().create_task(alice.asks_once("k", new("a"))).await.unwrap();
    let outcome = alice.tasks().create_task(alice.asks_once("k", new("b"))).await;
    refused(outcome, Code::FailedPrecondition, "IDEMPOTENCY_KEY_REUSED");
    let project = CreateProjectRequest { id: None, name: "a".to_owned() };
    let outcome = alice.projects().create_project(alice.asks_once("k", project)).await;
    refused(outcome, Code::FailedPrecondition, "IDEMPOTENCY_KEY_REUSED");
    for key in ["", &"k".repeat(129)] {
        let outcome = alice.tasks().create_task(alice.asks_once(key, new("a"))).await;
        refused(outcome, Code::InvalidArgument, "INVALID_IDEMPOTENCY_KEY");
    }
}

async fn nothing_is_written_while_ended_sessions_go_unheard(backend: Backend) {
    let clock = Clock::fixed(Clock::system().now());
    let app = App::with_clock(backend, clock.clone()).await;
    let alice = app.user(1);
    let task = alice.creates("x").await;
    clock.advance(Duration::from_secs(31));
    let message = CreateTaskRequest { fields: Some(fields("y")), ..CreateTaskRequest::default() };
    let written = alice.tasks().create_task(alice.asks(message)).await;
    let code = written.as_ref().err().map(tonic::Status::code);
    assert_eq!((code, &*reason(written)), (Some(Code::Unavailable), "TRUST_STALE"));
    let read = alice.tasks().get_task(alice.asks(GetTaskRequest { id: task.id.clone() })).await;
    assert_eq!(read.unwrap().into_inner().id, task.id, "reading goes on");
}

/// It waits for a lock here, where another would read for as long.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/test"]
async fn who_searches_for_too_long_is_told_to_narrow_it() {
    let app = App::new(Backend::Postgres).await;
    let alice = app.user(1);
    alice.creates("x").await;
    let searches = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let request = ListTasksRequest { query: Some("x".to_owned()), ..Default::default() };
        alice.tasks().list_tasks(alice.asks(request)).await
    };
    let holds = app.runs("LOCK TABLE tasks; SELECT pg_sleep(1.4)".to_owned());
    let (found, ()) = tokio::join!(searches, holds);
    refused(found, Code::DeadlineExceeded, "SEARCH_TOO_SLOW");
}

/// What a scope lets wait is 8 MiB: the large ones have 64 KiB each.
async fn writes_that_wait_are_so_many_and_so_many_bytes(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    alice.creates("first").await;
    for (description, is_too_much) in [("short".to_owned(), false), ("𝕏".repeat(16_384), true)] {
        let create = || {
            let fields = TaskFields { description: Some(description.clone()), ..fields("task") };
            let message = CreateTaskRequest { fields: Some(fields), ..Default::default() };
            let (mut tasks, request) = (alice.tasks(), alice.asks(message));
            async move { tasks.create_task(request).await }
        };
        let outcomes = join_all((0..250).map(|_| create())).await;
        // Others may be carried out, or wait for longer than they can.
        let is_busy = |outcome: Result<_, _>| outcome.is_err() && reason(outcome) == "BUSY";
        assert_eq!(outcomes.into_iter().any(is_busy), is_too_much, "{} bytes", description.len());
    }
}
