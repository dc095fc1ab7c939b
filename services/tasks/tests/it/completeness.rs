//! The feed tells each change of each field that a client can write. The fields are those of the contracts, so that a new one fails
//! here until it is told.
use kit_db::testing::Backend;
use prost::Message as _;
use proto::tasks::v1::{
    Change, CreateProjectRequest, CreateTaskRequest, Due, ListChangesRequest, MoveTaskRequest,
    Priority, Status, Task, TaskFields, UpdateProjectRequest, UpdateTaskRequest,
};
use serde_json::{Value, json};

use crate::app::{App, User, fields};

kit_db::on_each_backend!(
    every_field_of_a_task_that_is_written_is_told,
    every_field_of_a_new_task_is_told,
    every_way_of_moving_a_task_is_told,
    every_field_of_a_project_that_is_written_is_told,
);

/// The fields of a message of the contracts, but for those that say which object is meant and what is written of it.
fn fields_of(message: &str) -> Vec<String> {
    let files = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let mut messages = files.file.into_iter().filter(|file| file.package() == "tasks.v1");
    let found = messages.find_map(|file| {
        file.message_type.into_iter().find(|descriptor| descriptor.name() == message)
    });
    let names = found.unwrap().field.into_iter().map(|field| field.name().to_owned());
    names.filter(|name| !["id", "if_version", "update_mask"].contains(&name.as_str())).collect()
}

fn mask(path: &str) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: vec![path.to_owned()] })
}

/// What is told of an object since `cursor`, which goes on behind it.
async fn told(user: &User, cursor: &mut String, id: &str) -> Vec<Change> {
    let request = ListChangesRequest { cursor: cursor.clone(), limit: 200, wait_milliseconds: 0 };
    let page = user.changes().list_changes(user.asks(request)).await.unwrap().into_inner();
    assert!(!page.has_more);
    *cursor = page.next_cursor;
    page.changes.into_iter().filter(|change| change.object_id == id).collect()
}

/// What one change says of one field.
#[track_caller]
fn of_field(changes: &[Change], field: &str) -> Value {
    assert_eq!(changes.len(), 1, "{field}: {changes:?}");
    serde_json::from_str::<Value>(&changes[0].changes).unwrap()[field].clone()
}

fn day(date: &str) -> Option<Due> {
    Some(Due { date: Some(date.to_owned()), ..Due::default() })
}

/// A field of a task with a value, and with another, each as it is written and as it is told.
fn values(field: &str) -> [(TaskFields, Value); 2] {
    let none = TaskFields::default;
    let text = |text: &str| Some(text.to_owned());
    let labels = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    match field {
        "title" => [(fields("a"), json!("a")), (fields("b"), json!("b"))],
        "description" => {
            ["*a*", ""].map(|said| (TaskFields { description: text(said), ..none() }, json!(said)))
        }
        "status" => [(Status::InProcess, "in_process"), (Status::Cancelled, "cancelled")].map(
            |(status, name)| (TaskFields { status: Some(status.into()), ..none() }, json!(name)),
        ),
        "priority" => {
            [(Priority::High, "high"), (Priority::None, "none")].map(|(priority, name)| {
                (TaskFields { priority: Some(priority.into()), ..none() }, json!(name))
            })
        }
        "due" => [
            (TaskFields { due: day("2026-09-01"), ..none() }, json!({ "date": "2026-09-01" })),
            (none(), json!(null)),
        ],
        "estimate_minutes" => [Some(90), None]
            .map(|minutes| (TaskFields { estimate_minutes: minutes, ..none() }, json!(minutes))),
        "labels" => [&["Home", "Work"][..], &[]]
            .map(|names| (TaskFields { labels: labels(names), ..none() }, json!(names))),
        other => panic!("nothing is known here of the field {other} of a task: give it two values"),
    }
}

async fn every_field_of_a_task_that_is_written_is_told(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (names, mut cursor) = (fields_of("TaskFields"), String::new());
    assert!(names.len() >= 6);
    for name in names {
        let id = alice.creates("new").await.id;
        told(&alice, &mut cursor, &id).await;
        let mut before = None;
        for (fields, value) in values(&name) {
            let (fields, id) = (Some(fields), id.clone());
            let message =
                UpdateTaskRequest { id, fields, update_mask: mask(&name), if_version: None };
            let task = alice.tasks().update_task(alice.asks(message)).await.unwrap().into_inner();
            let changes = told(&alice, &mut cursor, &task.id).await;
            let change = of_field(&changes, &name);
            assert_eq!(change["to"], value, "{name}");
            assert_eq!(changes[0].object_version, task.version, "{name}");
            let from = change.get("from").expect("what it was");
            assert_eq!(*from, before.unwrap_or_else(|| from.clone()), "{name}");
            assert_ne!(*from, value, "{name}");
            before = Some(value);
        }
    }
}

async fn every_field_of_a_new_task_is_told(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let mut cursor = String::new();
    for name in fields_of("TaskFields") {
        let (written, value) = values(&name)[0].clone();
        let title = Some(written.title.clone().unwrap_or_else(|| "new".to_owned()));
        let task = alice.creates_with(TaskFields { title, ..written }, None).await;
        let change = of_field(&told(&alice, &mut cursor, &task.id).await, &name);
        assert_eq!(change, json!({ "to": value }), "{name}");
    }
    let parent = alice.creates("parent").await;
    for name in fields_of("CreateTaskRequest") {
        let (mut message, expected) = (CreateTaskRequest::default(), &parent);
        message.fields = Some(fields("new"));
        let value = match name.as_str() {
            "project_id" => message.project_id.insert(expected.project_id.clone()),
            "parent_id" => message.parent_id.insert(expected.id.clone()),
            "fields" => continue,
            other => panic!("nothing is known here of the field {other} of a new task"),
        };
        let value = json!({ "to": value });
        let task = alice.tasks().create_task(alice.asks(message)).await.unwrap().into_inner();
        assert_eq!(of_field(&told(&alice, &mut cursor, &task.id).await, &name), value, "{name}");
    }
}

async fn creates_project(user: &User, name: &str) -> proto::tasks::v1::Project {
    let message = CreateProjectRequest { id: None, name: name.to_owned() };
    user.projects().create_project(user.asks(message)).await.unwrap().into_inner()
}

async fn every_way_of_moving_a_task_is_told(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let project = creates_project(&alice, "Garden").await;
    let mut cursor = String::new();
    for name in fields_of("MoveTaskRequest") {
        let [first, task, last] =
            [alice.creates("1").await, alice.creates("2").await, alice.creates("3").await];
        told(&alice, &mut cursor, &task.id).await;
        let mut message = MoveTaskRequest { id: task.id.clone(), ..MoveTaskRequest::default() };
        let target = match name.as_str() {
            "parent_id" => message.parent_id.insert(first.id),
            "project_id" => message.project_id.insert(project.id.clone()),
            "before" => message.before.insert(first.id),
            "after" => message.after.insert(last.id),
            other => panic!("nothing is known here of the field {other} of a move"),
        };
        let (target, ranked) = (target.clone(), ["before", "after"].contains(&name.as_str()));
        let moved = alice.tasks().move_task(alice.asks(message)).await.unwrap().into_inner();
        let changes = told(&alice, &mut cursor, &task.id).await;
        let rank = json!({ "from": task.rank, "to": moved.rank });
        assert_eq!(of_field(&changes, "rank"), rank, "{name}");
        if !ranked {
            assert_eq!(
                of_field(&changes, &name),
                json!({ "from": told_of(&task, &name), "to": target })
            );
        }
    }
}

fn told_of(task: &Task, field: &str) -> Value {
    match field {
        "parent_id" => json!(task.parent_id),
        _ => json!(task.project_id),
    }
}

async fn every_field_of_a_project_that_is_written_is_told(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let mut cursor = String::new();
    for name in fields_of("UpdateProjectRequest") {
        let project = creates_project(&alice, "Garden").await;
        let created = told(&alice, &mut cursor, &project.id).await;
        let mut message =
            UpdateProjectRequest { id: project.id, ..UpdateProjectRequest::default() };
        message.update_mask = mask(&name);
        let (from, to) = match name.as_str() {
            "name" => (json!("Garden"), json!(message.name.insert("Attic".to_owned()))),
            "archived" => (json!(false), json!(message.archived.insert(true))),
            other => panic!("nothing is known here of the field {other} of a project"),
        };
        assert_eq!(of_field(&created, &name), json!({ "to": from }), "{name}");
        let project = alice.projects().update_project(alice.asks(message)).await.unwrap();
        let changes = told(&alice, &mut cursor, &project.get_ref().id).await;
        assert_eq!(of_field(&changes, &name), json!({ "from": from, "to": to }), "{name}");
    }
    for name in fields_of("CreateProjectRequest") {
        assert_eq!(name, "name", "nothing is known here of the field {name} of a new project");
    }
}
