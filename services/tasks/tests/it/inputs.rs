//! What each operation says to a message that makes no sense: which fields, and why, all at once; and that nothing was done.
use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateProjectRequest, CreateTaskRequest, Due, ListTasksRequest, MoveTaskRequest, Status, Task,
    TaskFields, UpdateProjectRequest, UpdateTaskRequest,
};
use tonic::{Code, Response};

use crate::{
    acts::{Act, everything, mask},
    app::{App, User, faults, fields},
};

kit_db::on_each_backend!(
    a_due_is_said_in_one_of_three_ways,
    a_due_that_is_none_is_refused_at_the_part_that_is_wrong,
    a_patch_names_fields_that_there_are,
    a_project_says_what_is_wrong_with_it,
    a_move_names_what_can_be_an_id,
    a_list_says_what_is_wrong_with_it,
    a_patch_without_a_mask_changes_nothing,
);

fn own(text: &str) -> String {
    text.to_owned()
}

fn told(faults: &[(&str, &str)]) -> Vec<(String, String)> {
    faults.iter().map(|(field, reason)| (own(field), own(reason))).collect()
}

fn due(date: Option<&str>, datetime: Option<&str>, zone: Option<&str>) -> Due {
    let [date, datetime, time_zone] = [date, datetime, zone].map(|part| part.map(own));
    Due { date, datetime, time_zone }
}

async fn patches(
    user: &User,
    task: &Task,
    path: &str,
    fields: TaskFields,
) -> Result<Response<Task>, tonic::Status> {
    let (id, update_mask) = (task.id.clone(), mask(path));
    let message = UpdateTaskRequest { id, fields: Some(fields), update_mask, if_version: None };
    user.tasks().update_task(user.asks(message)).await
}

async fn a_due_is_said_in_one_of_three_ways(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let task = alice.creates("x").await;
    // The moment that it is due, as who filters by it finds: what is due before the second, and not before the first.
    for (said, not_before, before) in [
        (due(Some("2028-02-29"), None, None), "2028-02-29T00:00:00Z", "2028-02-29T00:00:01Z"),
        (
            due(None, Some("2026-09-01T09:00:00"), None),
            "2026-09-01T09:00:00Z",
            "2026-09-01T09:00:01Z",
        ),
        (
            due(None, Some("2026-09-01T09:00:00Z"), None),
            "2026-09-01T09:00:00Z",
            "2026-09-01T09:00:01Z",
        ),
        (
            due(None, Some("2026-09-01T09:00:00"), Some("Europe/Berlin")),
            "2026-09-01T07:00:00Z",
            "2026-09-01T07:00:01Z",
        ),
        (
            due(None, Some("2026-12-01T09:00:00"), Some("America/New_York")),
            "2026-12-01T14:00:00Z",
            "2026-12-01T14:00:01Z",
        ),
    ] {
        let fields = TaskFields { due: Some(said.clone()), ..TaskFields::default() };
        patches(&alice, &task, "due", fields).await.unwrap_or_else(|it| panic!("{said:?}: {it}"));
        for (moment, found) in [(not_before, 0), (before, 1)] {
            let due_before = Some(crate::app::moment(moment));
            let request = ListTasksRequest { due_before, ..ListTasksRequest::default() };
            let page = alice.tasks().list_tasks(alice.asks(request)).await.unwrap();
            assert_eq!(page.get_ref().tasks.len(), found, "{said:?} before {moment}");
        }
    }
}

async fn a_due_that_is_none_is_refused_at_the_part_that_is_wrong(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let task = alice.creates("x").await;
    let before = everything(&alice).await;
    for (said, field) in [
        (due(None, None, None), "due"),
        (due(Some("2026-09-01"), Some("2026-09-01T09:00:00"), None), "due"),
        (due(Some("2026-02-29"), None, None), "due.date"),
        (due(Some("2026-9-1"), None, None), "due.date"),
        (due(Some(""), None, None), "due.date"),
        (due(None, Some("2026-09-01"), None), "due.datetime"),
        (due(None, Some("2026-09-01T24:00:00"), None), "due.datetime"),
        (due(None, Some("2026-09-01T09:00:00"), Some("Mars/Olympus")), "due.time_zone"),
    ] {
        let fields = TaskFields { due: Some(said.clone()), ..TaskFields::default() };
        let refused = faults(patches(&alice, &task, "due", fields).await);
        let fields: Vec<_> = refused.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, [field], "{said:?}");
    }
    assert_eq!(everything(&alice).await, before);
}

async fn a_patch_names_fields_that_there_are(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let task = alice.creates("x").await;
    let before = everything(&alice).await;
    for path in ["", "id", "rank", "version", "Title", "title ", "due.date", "*", "project_id"] {
        let refused = faults(patches(&alice, &task, path, fields("y")).await);
        assert_eq!(refused, told(&[(path, "UNKNOWN_FIELD")]), "{path:?}");
    }
    let paths = ["title", "status", "nothing", "priority"].map(own).into();
    let wrong = TaskFields { status: Some(0), priority: Some(-1), ..fields(" ") };
    let message = UpdateTaskRequest {
        id: task.id,
        fields: Some(wrong),
        update_mask: Some(prost_types::FieldMask { paths }),
        if_version: None,
    };
    let expected = told(&[
        ("title", "REQUIRED"),
        ("status", "NOT_ONE_OF"),
        ("priority", "NOT_ONE_OF"),
        ("nothing", "UNKNOWN_FIELD"),
    ]);
    assert_eq!(faults(alice.tasks().update_task(alice.asks(message)).await), expected);
    assert_eq!(everything(&alice).await, before);
}

async fn a_project_says_what_is_wrong_with_it(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let id = Act::UpdateProject.aim(&alice).await;
    let before = everything(&alice).await;
    let long = "x".repeat(121);
    for (name, reason) in
        [("", "REQUIRED"), (" \t", "REQUIRED"), (&*long, "TOO_LONG"), ("a\0", "INVALID_CHARACTER")]
    {
        let message = CreateProjectRequest { id: Some(own("7")), name: own(name) };
        let refused = faults(alice.projects().create_project(alice.asks(message)).await);
        assert_eq!(refused, told(&[("id", "ID"), ("name", reason)]), "{name:?}");
        let paths = ["rank", "name", "archived", "is_inbox"].map(own).into();
        let message = UpdateProjectRequest {
            id: id.clone(),
            update_mask: Some(prost_types::FieldMask { paths }),
            name: Some(own(name)),
            archived: Some(true),
            if_version: None,
        };
        let refused = faults(alice.projects().update_project(alice.asks(message)).await);
        let unknown = "UNKNOWN_FIELD";
        let expected = told(&[("rank", unknown), ("name", reason), ("is_inbox", unknown)]);
        assert_eq!(refused, expected, "{name:?}");
    }
    let nameless = UpdateProjectRequest { id, update_mask: mask("name"), ..Default::default() };
    let refused = faults(alice.projects().update_project(alice.asks(nameless)).await);
    assert_eq!(refused, told(&[("name", "REQUIRED")]), "a name cannot be cleared");
    assert_eq!(everything(&alice).await, before);
}

async fn a_move_names_what_can_be_an_id(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (task, other) = (alice.creates("x").await, alice.creates("y").await);
    let before = everything(&alice).await;
    let some = |said: bool, id: &str| said.then(|| own(id));
    for (fields, id, expected) in [
        (
            [true; 4],
            "7",
            told(&[
                ("parent_id", "ID"),
                ("project_id", "ID"),
                ("project_id", "CONFLICT"),
                ("before", "ID"),
                ("after", "ID"),
                ("after", "CONFLICT"),
            ]),
        ),
        ([true, true, false, false], &*other.id, told(&[("project_id", "CONFLICT")])),
        ([false, false, true, true], &*other.id, told(&[("after", "CONFLICT")])),
    ] {
        let [parent, project, next, previous] = fields;
        let message = MoveTaskRequest {
            id: task.id.clone(),
            parent_id: some(parent, id),
            project_id: some(project, id),
            before: some(next, id),
            after: some(previous, id),
            if_version: None,
        };
        assert_eq!(faults(alice.tasks().move_task(alice.asks(message)).await), expected);
    }
    assert_eq!(everything(&alice).await, before);
}

async fn a_list_says_what_is_wrong_with_it(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let wrong = ListTasksRequest {
        project_id: Some(own("inbox")),
        status: vec![Status::Completed.into(), 9],
        priority: vec![-1],
        label: vec![own("l"); 17],
        order_by: own("-title"),
        ..ListTasksRequest::default()
    };
    let outcome = alice.tasks().list_tasks(alice.asks(wrong)).await;
    assert_eq!(outcome.as_ref().unwrap_err().code(), Code::InvalidArgument);
    let expected = told(&[
        ("project_id", "ID"),
        ("status", "NOT_ONE_OF"),
        ("priority", "NOT_ONE_OF"),
        ("order_by", "NOT_ONE_OF"),
        ("label", "TOO_MANY"),
    ]);
    assert_eq!(faults(outcome), expected);
}

async fn a_patch_without_a_mask_changes_nothing(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let task = alice.creates("x").await;
    let project = Act::UpdateProject.aim(&alice).await;
    let before = everything(&alice).await;
    let none = prost_types::FieldMask::default;
    for update_mask in [None, Some(none())] {
        let message = UpdateTaskRequest {
            id: task.id.clone(),
            fields: Some(TaskFields { status: Some(3), ..fields("y") }),
            update_mask: update_mask.clone(),
            if_version: None,
        };
        alice.tasks().update_task(alice.asks(message)).await.unwrap();
        let message = UpdateProjectRequest {
            id: project.clone(),
            update_mask,
            name: Some(own("y")),
            archived: Some(true),
            if_version: None,
        };
        alice.projects().update_project(alice.asks(message)).await.unwrap();
    }
    let empty = CreateTaskRequest::default();
    let refused = faults(alice.tasks().create_task(alice.asks(empty)).await);
    assert_eq!(refused, told(&[("title", "REQUIRED")]), "what is made needs a title");
    assert_eq!(everything(&alice).await, before);
}
