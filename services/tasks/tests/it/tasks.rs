use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateTaskRequest, DeleteTaskRequest, Due, GetTaskRequest, Priority, Status, TaskFields,
    UpdateTaskRequest,
};
use uuid::Uuid;

use crate::app::{App, User, faults, fields, reason};

kit_db::on_each_backend!(
    a_task_is_read_as_it_was_written,
    a_patch_changes_what_it_names_and_nothing_else,
    a_stale_write_is_refused,
    every_fault_of_a_new_task_is_named_at_once,
    an_id_of_the_clients_choice_is_taken_once,
    tasks_under_one_id_are_read_together_and_not_mixed_up,
    what_is_somebody_elses_looks_like_what_is_missing,
    nobody_gets_in_without_a_token,
);

fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() })
}

async fn a_task_is_read_as_it_was_written(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let written = TaskFields {
        title: Some("  Ship it ".to_owned()),
        description: Some("*now*".to_owned()),
        status: Some(Status::InProcess.into()),
        priority: Some(Priority::Urgent.into()),
        due: Some(Due { date: Some("2026-09-01".to_owned()), ..Due::default() }),
        labels: vec!["Home".to_owned(), "home".to_owned(), "Work".to_owned()],
        estimate_minutes: Some(90),
    };
    let task = alice.creates_with(written, None).await;
    assert_eq!(
        (task.title.as_str(), task.description.as_str(), task.version),
        ("Ship it", "*now*", 1)
    );
    assert_eq!((task.status(), task.priority()), (Status::InProcess, Priority::Urgent));
    assert_eq!(task.labels, ["Home", "Work"]);
    assert_eq!(task.estimate_minutes, Some(90));
    let found =
        alice.tasks().get_task(alice.asks(GetTaskRequest { id: task.id.clone() })).await.unwrap();
    assert_eq!(*found.get_ref(), task);
}

async fn a_patch_changes_what_it_names_and_nothing_else(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let due = Some(Due { date: Some("2026-09-01".to_owned()), ..Due::default() });
    let task = alice
        .creates_with(
            TaskFields {
                due,
                description: Some("keep".to_owned()),
                estimate_minutes: Some(90),
                ..fields("Ship it")
            },
            None,
        )
        .await;
    let patch = |fields, paths| UpdateTaskRequest {
        id: task.id.clone(),
        fields: Some(fields),
        update_mask: mask(paths),
        if_version: None,
    };
    let renamed = alice
        .tasks()
        .update_task(alice.asks(patch(fields("Sail it"), &["title"])))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (renamed.title.as_str(), renamed.description.as_str(), &renamed.due),
        ("Sail it", "keep", &task.due)
    );
    assert_eq!(renamed.version, 2);
    let cleared = alice
        .tasks()
        .update_task(alice.asks(patch(TaskFields::default(), &["due"])))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((cleared.due, cleared.title.as_str(), cleared.version), (None, "Sail it", 3));
    assert_eq!(cleared.estimate_minutes, Some(90), "it was not named");
    let same = alice
        .tasks()
        .update_task(alice.asks(patch(fields("Sail it"), &["title"])))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(same.version, 3, "a write that changes nothing is none");
}

async fn a_stale_write_is_refused(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let task = alice.creates("Ship it").await;
    let at = |if_version| UpdateTaskRequest {
        id: task.id.clone(),
        fields: Some(fields(&format!("at {if_version}"))),
        update_mask: mask(&["title"]),
        if_version: Some(if_version),
    };
    assert_eq!(alice.tasks().update_task(alice.asks(at(1))).await.unwrap().get_ref().version, 2);
    assert_eq!(reason(alice.tasks().update_task(alice.asks(at(1))).await), "VERSION_MISMATCH");
    let delete = DeleteTaskRequest { id: task.id.clone(), if_version: Some(1) };
    assert_eq!(reason(alice.tasks().delete_task(alice.asks(delete)).await), "VERSION_MISMATCH");
}

async fn every_fault_of_a_new_task_is_named_at_once(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let message = CreateTaskRequest {
        id: Some(Uuid::nil().to_string()),
        project_id: Some("inbox".to_owned()),
        parent_id: None,
        fields: Some(TaskFields {
            title: Some(" ".to_owned()),
            description: Some("x".repeat(16 * 1024 + 1)),
            status: Some(99),
            priority: Some(0),
            due: Some(Due::default()),
            labels: vec![String::new()],
            estimate_minutes: Some(0),
        }),
    };
    let named: Vec<_> = faults(alice.tasks().create_task(alice.asks(message)).await)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(
        named,
        [
            "id",
            "project_id",
            "title",
            "description",
            "status",
            "priority",
            "due",
            "labels.0",
            "estimate_minutes"
        ]
    );
}

async fn an_id_of_the_clients_choice_is_taken_once(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    let id = kit_base::id::uuid(&kit_base::Clock::system()).to_string();
    let message = || CreateTaskRequest {
        id: Some(id.clone()),
        fields: Some(fields("Ship it")),
        ..Default::default()
    };
    assert_eq!(alice.tasks().create_task(alice.asks(message())).await.unwrap().get_ref().id, id);
    assert_eq!(reason(alice.tasks().create_task(alice.asks(message())).await), "ID_TAKEN");
    assert_eq!(
        bob.tasks().create_task(bob.asks(message())).await.unwrap().get_ref().id,
        id,
        "nobody learns of another's ids"
    );
}

async fn tasks_under_one_id_are_read_together_and_not_mixed_up(backend: Backend) {
    let app = App::new(backend).await;
    let (users, id) = ([1, 2, 3].map(|number| app.user(number)), Uuid::now_v7().to_string());
    for (user, title) in users.iter().zip(["of the first", "of the second"]) {
        let message = CreateTaskRequest {
            id: Some(id.clone()),
            fields: Some(fields(title)),
            ..CreateTaskRequest::default()
        };
        user.tasks().create_task(user.asks(message)).await.unwrap();
    }
    let other = users[0].creates("another").await.id;
    let read = async |user: &User, id: &str| {
        user.tasks().get_task(user.asks(GetTaskRequest { id: id.to_owned() })).await
    };
    let [first, second, third] = &users;
    for _ in 0..20 {
        let (one, two, three, another, missing) = tokio::join!(
            read(first, &id),
            read(second, &id),
            read(third, &id),
            read(first, &other),
            read(second, &other),
        );
        let found = [one, two, another].map(|found| found.unwrap().into_inner().title);
        assert_eq!(found, ["of the first", "of the second", "another"]);
        assert_eq!([three, missing].map(reason), ["TASK_NOT_FOUND"; 2]);
    }
}

async fn what_is_somebody_elses_looks_like_what_is_missing(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    let task = alice.creates("Ship it").await;
    for id in [task.id.clone(), Uuid::nil().to_string(), "x".to_owned()] {
        let missing =
            bob.tasks().get_task(bob.asks(GetTaskRequest { id: id.clone() })).await.unwrap_err();
        assert_eq!(
            (missing.code(), missing.message()),
            (tonic::Code::NotFound, "there is no such task")
        );
        let update = UpdateTaskRequest {
            id: id.clone(),
            fields: Some(fields("x")),
            update_mask: mask(&["title"]),
            if_version: None,
        };
        assert_eq!(reason(bob.tasks().update_task(bob.asks(update)).await), "TASK_NOT_FOUND");
        assert_eq!(
            reason(
                bob.tasks().delete_task(bob.asks(DeleteTaskRequest { id, if_version: None })).await
            ),
            "TASK_NOT_FOUND"
        );
    }
    let under = CreateTaskRequest {
        parent_id: Some(task.id),
        fields: Some(fields("x")),
        ..Default::default()
    };
    let expected = vec![("parent_id".to_owned(), "NOT_FOUND".to_owned())];
    assert_eq!(faults(bob.tasks().create_task(bob.asks(under)).await), expected);
}

async fn nobody_gets_in_without_a_token(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let anonymous = tonic::Request::new(GetTaskRequest { id: Uuid::nil().to_string() });
    assert_eq!(reason(alice.tasks().get_task(anonymous).await), "TOKEN_MISSING");
    let mut forged = alice.asks(GetTaskRequest { id: Uuid::nil().to_string() });
    forged.metadata_mut().insert("authorization", "Bearer a.b.c".parse().unwrap());
    assert_eq!(reason(alice.tasks().get_task(forged).await), "TOKEN_INVALID");
}
