//! By which labels a task is found, from its making to its end.
use kit_db::testing::Backend;
use proto::tasks::v1::{CreateTaskRequest, ListTasksRequest, TaskFields, UpdateTaskRequest};

use crate::{
    acts::{Act, How, fresh_id, mask},
    app::{App, User, faults, fields},
};

kit_db::on_each_backend!(
    a_task_is_found_by_the_labels_that_it_has_now,
    what_is_in_the_trash_is_found_by_no_label_until_it_comes_back,
    what_takes_a_purged_id_has_none_of_the_old_labels,
    a_patch_of_something_else_leaves_the_labels_findable,
    labels_that_cannot_be_are_refused_and_the_old_ones_stay,
);

async fn finds(user: &User, labels: &[&str]) -> Vec<String> {
    let label = labels.iter().map(|&label| label.to_owned()).collect();
    let request = ListTasksRequest { label, ..ListTasksRequest::default() };
    let page = user.tasks().list_tasks(user.asks(request)).await.unwrap().into_inner();
    page.tasks.into_iter().map(|task| task.title).collect()
}

fn labelled(title: &str, labels: &[&str]) -> TaskFields {
    let labels = labels.iter().map(|&label| label.to_owned()).collect();
    TaskFields { labels, ..fields(title) }
}

fn patch(id: &str, path: &str, fields: TaskFields) -> UpdateTaskRequest {
    let (id, update_mask) = (id.to_owned(), mask(path));
    UpdateTaskRequest { id, fields: Some(fields), update_mask, if_version: None }
}

async fn a_task_is_found_by_the_labels_that_it_has_now(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let id = alice.creates_with(labelled("mine", &["a", "b"]), None).await.id;
    alice.creates_with(labelled("other", &["a", "b", "c"]), None).await;
    for (labels, found) in [
        (&["a", "b"][..], ["a", "b"].as_slice()),
        (&["b", "c"], &["b", "c"]),
        // Another order and another case are other labels to who reads them, and the same to who seeks.
        (&["C", "b"], &["b", "c"]),
        (&["d"], &["d"]),
        (&[], &[]),
        (&["a"], &["a"]),
    ] {
        let message = alice.asks(patch(&id, "labels", labelled("", labels)));
        let task = alice.tasks().update_task(message).await.unwrap().into_inner();
        assert_eq!(task.labels, labels);
        for label in ["a", "b", "c", "d"] {
            let mut expected = vec!["mine"; usize::from(found.contains(&label))];
            if label != "d" {
                expected.insert(0, "other");
            }
            assert_eq!(finds(&alice, &[label]).await, expected, "{label} of {labels:?}");
        }
        assert_eq!(finds(&alice, &["a", "b"]).await.len(), 1 + usize::from(found == ["a", "b"]));
    }
}

async fn what_is_in_the_trash_is_found_by_no_label_until_it_comes_back(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let id = alice.creates_with(labelled("mine", &["a"]), None).await.id;
    for (act, found) in [
        (Act::UpdateTask, vec!["new"]),
        (Act::DeleteTask, vec![]),
        (Act::RestoreTrash, vec!["new"]),
        (Act::CompleteTask, vec!["new"]),
        (Act::DeleteTask, vec![]),
        (Act::PurgeTrash, vec![]),
    ] {
        act.by(&alice, &id, &How::default()).await.unwrap();
        assert_eq!(finds(&alice, &["a"]).await, found, "after {act:?}");
    }
}

async fn what_takes_a_purged_id_has_none_of_the_old_labels(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let id = fresh_id();
    let new = |fields| {
        let (id, fields) = (Some(id.clone()), Some(fields));
        alice.asks(CreateTaskRequest { id, fields, ..CreateTaskRequest::default() })
    };
    alice.tasks().create_task(new(labelled("old", &["a", "b"]))).await.unwrap();
    for act in [Act::DeleteTask, Act::PurgeTrash] {
        act.by(&alice, &id, &How::default()).await.unwrap();
    }
    alice.tasks().create_task(new(labelled("new", &["b"]))).await.unwrap();
    assert_eq!(finds(&alice, &["a"]).await, [""; 0]);
    assert_eq!(finds(&alice, &["b"]).await, ["new"]);
}

async fn a_patch_of_something_else_leaves_the_labels_findable(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let id = alice.creates_with(labelled("mine", &["a"]), None).await.id;
    for path in ["title", "description", "status", "priority", "due", "estimate_minutes"] {
        let message = alice.asks(patch(&id, path, labelled("mine", &["not", "named"])));
        alice.tasks().update_task(message).await.unwrap();
        assert_eq!(finds(&alice, &["a"]).await, ["mine"], "after {path}");
        assert_eq!(finds(&alice, &["named"]).await, [""; 0], "after {path}");
    }
}

async fn labels_that_cannot_be_are_refused_and_the_old_ones_stay(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let id = alice.creates_with(labelled("mine", &["a"]), None).await.id;
    let (long, many) = ("x".repeat(61), vec!["l"; 65]);
    for (labels, field, reason) in [
        (&["b", ""][..], "labels.1", "REQUIRED"),
        (&[&*long], "labels.0", "TOO_LONG"),
        (&["b", "c\0d"], "labels.1", "INVALID_CHARACTER"),
        (&many, "labels", "TOO_MANY"),
    ] {
        let message = alice.asks(patch(&id, "labels", labelled("", labels)));
        let refused = faults(alice.tasks().update_task(message).await);
        assert_eq!(refused, [(field.to_owned(), reason.to_owned())], "{reason}");
        assert_eq!(finds(&alice, &["a"]).await, ["mine"], "{reason}");
    }
}
