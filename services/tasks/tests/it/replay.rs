//! A walk of random writes: whatever they were, the tree keeps its rules, and the changes applied one by one give what is read.
use std::collections::HashMap;

use kit_base::testing::Random;
use kit_db::testing::Backend;
use proto::tasks::v1::{
    CompleteTaskRequest, CreateProjectRequest, CreateTaskRequest, DeleteTaskRequest, Due,
    ListChangesRequest, ListTasksRequest, MoveTaskRequest, ObjectType, Priority, ReopenTaskRequest,
    RestoreTrashRequest, Status, Task, TaskFields, UpdateTaskRequest,
};
use serde_json::{Map, Value, json};

use crate::app::{App, User, fields};

kit_db::on_each_backend!(changes_applied_in_order_give_what_is_read,);

/// One of these, where there are any.
pub(crate) fn any_of(random: &mut Random, items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| random.one_of(items).clone())
}

/// Something written of a task, or everything absent, which clears.
fn any_fields(random: &mut Random) -> TaskFields {
    let number = random.below(1_000);
    let due = Due { date: Some(format!("2026-09-{:02}", 1 + number % 28)), ..Due::default() };
    TaskFields {
        title: Some(format!("task {number}")),
        description: (number.is_multiple_of(2)).then(|| format!("*{number}*")),
        status: Some(1 + i32::try_from(random.below(4)).unwrap()),
        priority: Some(1 + i32::try_from(random.below(5)).unwrap()),
        due: (number.is_multiple_of(3)).then_some(due),
        labels: (0..number % 3).map(|label| format!("label {label}")).collect(),
        estimate_minutes: i32::try_from(number).ok().filter(|minutes| *minutes > 500),
    }
}

/// One write, of whatever there is. What the rules refuse is fine.
async fn writes(user: &User, random: &mut Random, projects: &[String], ids: &mut Vec<String>) {
    let mut tasks = user.tasks();
    let id = any_of(random, ids).unwrap_or_default();
    let other = any_of(random, ids);
    let outcome = match random.below(12) {
        0..=3 => {
            let parent_id = other.filter(|_| random.below(3) > 0);
            let project_id = any_of(random, projects).filter(|_| parent_id.is_none());
            let fields = Some(any_fields(random));
            let message = CreateTaskRequest { id: None, project_id, parent_id, fields };
            tasks.create_task(user.asks(message)).await.map(|made| ids.push(made.into_inner().id))
        }
        4..=5 => {
            let paths =
                ["title", "description", "status", "priority", "due", "labels", "estimate_minutes"];
            let paths: Vec<_> = paths.into_iter().filter(|_| random.below(2) == 0).collect();
            let update_mask = Some(prost_types::FieldMask {
                paths: paths.into_iter().map(str::to_owned).collect(),
            });
            let fields = Some(any_fields(random));
            let message = UpdateTaskRequest { id, fields, update_mask, if_version: None };
            tasks.update_task(user.asks(message)).await.map(drop)
        }
        6 => {
            let message = CompleteTaskRequest { id, if_version: None };
            tasks.complete_task(user.asks(message)).await.map(drop)
        }
        7 => {
            tasks.reopen_task(user.asks(ReopenTaskRequest { id, if_version: None })).await.map(drop)
        }
        8 => {
            tasks.delete_task(user.asks(DeleteTaskRequest { id, if_version: None })).await.map(drop)
        }
        9 => user.trash().restore_trash(user.asks(RestoreTrashRequest { id })).await.map(drop),
        way => {
            let (mut message, under) = (MoveTaskRequest { id, ..Default::default() }, way == 10);
            match random.below(3) {
                0 if under => message.parent_id = other,
                _ if under => message.project_id = any_of(random, projects),
                0 => message.before = other,
                _ => message.after = other,
            }
            tasks.move_task(user.asks(message)).await.map(drop)
        }
    };
    if let Err(refused) = outcome {
        assert_ne!(refused.code(), tonic::Code::Internal, "{refused:?}");
    }
}

async fn all(user: &User) -> HashMap<String, Task> {
    let (mut found, mut cursor) = (HashMap::new(), String::new());
    loop {
        let request = ListTasksRequest { limit: 200, cursor, ..ListTasksRequest::default() };
        let page = user.tasks().list_tasks(user.asks(request)).await.unwrap().into_inner();
        found.extend(page.tasks.into_iter().map(|task| (task.id.clone(), task)));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            return found;
        }
    }
}

/// What holds for the tasks of a user, whatever was written.
fn tree_is_sound(tasks: &HashMap<String, Task>) {
    for task in tasks.values() {
        let (mut depth, mut above) = (1, task.parent_id.as_ref());
        while let Some(id) = above {
            let parent =
                tasks.get(id).unwrap_or_else(|| panic!("{id} is gone, what is below is not"));
            assert_eq!(parent.project_id, task.project_id, "a tree is in one project");
            let open =
                |task: &Task| [Status::NeedsAction, Status::InProcess].contains(&task.status());
            assert!(open(parent) || !open(task), "{} is open below {}", task.title, parent.title);
            depth += 1;
            assert!(depth <= 5, "{} lies {depth} deep", task.title);
            above = parent.parent_id.as_ref();
        }
        assert_eq!(task.completed_at.is_some(), task.status() == Status::Completed);
        assert!(task.rank.len() <= 64, "{}", task.rank);
    }
}

/// A task as the feed tells it.
fn as_told(task: &Task) -> Value {
    let name = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_ascii_lowercase();
    let priority = Priority::try_from(task.priority).unwrap();
    json!({
        "project_id": task.project_id,
        "parent_id": task.parent_id,
        "title": task.title,
        "description": task.description,
        "status": name(task.status().as_str_name(), "STATUS_"),
        "priority": name(priority.as_str_name(), "PRIORITY_"),
        "due": task.due.as_ref().map(|due| json!({ "date": due.date })),
        "labels": task.labels,
        "rank": task.rank,
        "version": task.version,
    })
}

/// All changes applied to nothing: what a client has that knows the feed alone.
async fn replayed(user: &User) -> HashMap<String, Map<String, Value>> {
    let (mut objects, mut cursor, mut last) = (HashMap::<_, Map<_, _>>::new(), String::new(), 0);
    loop {
        let request = ListChangesRequest { cursor, limit: 200, wait_milliseconds: 0 };
        let page = user.changes().list_changes(user.asks(request)).await.unwrap().into_inner();
        for change in page.changes {
            assert_eq!(change.sequence, last + 1, "without a gap");
            last = change.sequence;
            if change.object_type() != ObjectType::Task {
                continue;
            }
            let object = objects.entry(change.object_id.clone()).or_default();
            let told: Map<String, Value> = serde_json::from_str(&change.changes).unwrap();
            for (field, change) in told {
                let before = object.insert(field.clone(), change["to"].clone());
                assert_eq!(before.as_ref(), change.get("from"), "{field} was something else");
            }
            let before = object.insert("version".to_owned(), json!(change.object_version));
            let before = before.map_or(0, |version| version.as_i64().unwrap());
            assert_eq!(change.object_version, before + 1, "each change is one version");
        }
        cursor = page.next_cursor;
        if !page.has_more {
            return objects;
        }
    }
}

async fn changes_applied_in_order_give_what_is_read(backend: Backend) {
    let app = App::new(backend).await;
    for seed in 1..=3 {
        let (user, mut random) = (app.user(u128::from(seed)), Random::new(seed));
        let garden = CreateProjectRequest { id: None, name: "Garden".to_owned() };
        let garden = user.projects().create_project(user.asks(garden)).await.unwrap();
        let inbox = user.creates_with(fields("first"), None).await.project_id;
        let (projects, mut ids) = ([garden.into_inner().id, inbox], vec![]);
        for turn in 0..300 {
            writes(&user, &mut random, &projects, &mut ids).await;
            if turn % 20 == 0 {
                tree_is_sound(&all(&user).await);
            }
        }
        let (read, told) = (all(&user).await, replayed(&user).await);
        tree_is_sound(&read);
        assert!(read.len() > 20, "seed {seed}: the walk leaves too little to tell");
        for (id, mut object) in told {
            let deleted = object.remove("deleted_at").is_some_and(|at| !at.is_null());
            let task = read.get(&id);
            assert_eq!(deleted, task.is_none(), "seed {seed}: {id} {object:?}");
            let Some(Value::Object(expected)) = task.map(as_told) else { continue };
            object.retain(|field, _| expected.contains_key(field));
            assert_eq!(object, expected, "seed {seed}");
        }
    }
}
