use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateProjectRequest, CreateTaskRequest, DeleteProjectRequest, DeleteTaskRequest,
    ListTasksRequest, ListTrashRequest, MoveTaskRequest, PurgeTrashRequest, RestoreTrashRequest,
    Task,
};

use crate::app::{App, User, fields, reason};

kit_db::on_each_backend!(
    ids_of_the_clients_choice_change_no_order,
    the_trash_is_ordered_by_when_things_were_deleted,
    ranks_stay_short_however_often_tasks_are_moved,
    what_is_moved_behind_the_last_stays_in_front_of_what_is_new,
    what_comes_back_stands_at_a_place_of_its_own,
    an_id_names_one_thing_of_whatever_type,
);

/// An id of version 7 that says it was made `age` ms after 1970.
fn chosen(age: u64) -> String {
    uuid::Builder::from_unix_timestamp_millis(age, &[7; 10]).into_uuid().to_string()
}

async fn creates_as(user: &User, id: String, title: &str) -> Task {
    let message = CreateTaskRequest {
        id: Some(id),
        fields: Some(fields(title)),
        ..CreateTaskRequest::default()
    };
    user.tasks().create_task(user.asks(message)).await.unwrap().into_inner()
}

/// The titles in an order, page by page.
async fn in_order(user: &User, order_by: &str, project: &str) -> Vec<String> {
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        let request = ListTasksRequest {
            order_by: order_by.to_owned(),
            project_id: Some(project.to_owned()),
            limit: 2,
            cursor,
            ..ListTasksRequest::default()
        };
        let page = user.tasks().list_tasks(user.asks(request)).await.unwrap().into_inner();
        found.extend(page.tasks.into_iter().map(|task| task.title));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            return found;
        }
    }
}

async fn ids_of_the_clients_choice_change_no_order(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let mut project = String::new();
    for (title, age) in [("a", 5_000), ("b", 1_000), ("c", 9_000), ("d", 3_000), ("e", 7_000)] {
        project = creates_as(&alice, chosen(age), title).await.project_id;
    }
    for (order, expected) in
        [("created_at", "abcde"), ("-created_at", "edcba"), ("", "edcba"), ("due", "abcde")]
    {
        assert_eq!(in_order(&alice, order, &project).await.concat(), expected, "{order}");
    }
}

async fn the_trash_is_ordered_by_when_things_were_deleted(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let mut ids = vec![];
    for (title, age) in [("a", 5_000), ("b", 1_000), ("c", 9_000)] {
        ids.push(creates_as(&alice, chosen(age), title).await.id);
    }
    let project = CreateProjectRequest { id: Some(chosen(4_000)), name: "p".to_owned() };
    let project = alice.projects().create_project(alice.asks(project)).await.unwrap().into_inner();
    for id in [&ids[2], &ids[0]] {
        let message = DeleteTaskRequest { id: id.clone(), if_version: None };
        alice.tasks().delete_task(alice.asks(message)).await.unwrap();
    }
    let message = DeleteProjectRequest { id: project.id, if_version: None };
    alice.projects().delete_project(alice.asks(message)).await.unwrap();
    let message = DeleteTaskRequest { id: ids[1].clone(), if_version: None };
    alice.tasks().delete_task(alice.asks(message)).await.unwrap();

    let (mut titles, mut cursor) = (vec![], String::new());
    loop {
        let request = ListTrashRequest { limit: 1, cursor };
        let page = alice.trash().list_trash(alice.asks(request)).await.unwrap().into_inner();
        titles.extend(page.items.into_iter().map(|item| item.title));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(titles.concat(), "bpac");
}

async fn moves(user: &User, id: &str, before: Option<&Task>, after: Option<&Task>) -> Task {
    let message = MoveTaskRequest {
        id: id.to_owned(),
        before: before.map(|task| task.id.clone()),
        after: after.map(|task| task.id.clone()),
        ..MoveTaskRequest::default()
    };
    user.tasks().move_task(user.asks(message)).await.unwrap().into_inner()
}

async fn ranks_stay_short_however_often_tasks_are_moved(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let mut tasks = vec![];
    for title in ["a", "b", "c", "d", "e"] {
        tasks.push(alice.creates(title).await);
    }
    let project = tasks[0].project_id.clone();
    // d and e go by turns between a and the other, which halves the room each time; far more often than ranks have digits.
    for turn in 0..600 {
        let (moved, other) = if turn % 2 == 0 { (3, 4) } else { (4, 3) };
        let task = moves(&alice, &tasks[moved].id, Some(&tasks[other]), None).await;
        assert!(task.rank.len() <= 64, "{} characters after {turn}", task.rank.len());
        if turn % 100 == 0 {
            let order = in_order(&alice, "rank", &project).await.concat();
            let expected = if turn % 2 == 0 { "abcde" } else { "abced" };
            assert_eq!(order, expected, "after {turn}");
        }
    }
    for turn in 0..300 {
        let last = moves(&alice, &tasks[turn % 5].id, Some(&tasks[(turn + 4) % 5]), None).await;
        assert!(last.rank.len() <= 64, "{} characters", last.rank.len());
    }
}

async fn what_is_moved_behind_the_last_stays_in_front_of_what_is_new(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (first, last) = (alice.creates("a").await, alice.creates("b").await);
    moves(&alice, &first.id, None, Some(&last)).await;
    alice.creates("c").await;
    assert_eq!(in_order(&alice, "rank", &first.project_id).await.concat(), "bac");
}

async fn what_comes_back_stands_at_a_place_of_its_own(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let [a, z] = [alice.creates("a").await, alice.creates("z").await];
    let [x, y] = [alice.creates("x").await, alice.creates("y").await];
    let order = async || in_order(&alice, "rank", &a.project_id).await.concat();
    // Between the same two, one after the other: the second gets the rank that the first has left.
    moves(&alice, &x.id, None, Some(&a)).await;
    let gone = DeleteTaskRequest { id: x.id.clone(), if_version: None };
    alice.tasks().delete_task(alice.asks(gone)).await.unwrap();
    moves(&alice, &y.id, None, Some(&a)).await;
    let back = RestoreTrashRequest { id: x.id.clone() };
    alice.trash().restore_trash(alice.asks(back)).await.unwrap();
    assert_eq!(order().await, "ayxz");
    moves(&alice, &z.id, None, Some(&y)).await;
    assert_eq!(order().await, "ayzx", "{backend:?}");
}

async fn an_id_names_one_thing_of_whatever_type(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (task, project) = (chosen(1_000), chosen(2_000));
    creates_as(&alice, task.clone(), "a").await;
    let named = |id: &String| CreateProjectRequest { id: Some(id.clone()), name: "p".to_owned() };
    let taken = alice.projects().create_project(alice.asks(named(&task))).await;
    assert_eq!(reason(taken), "ID_TAKEN");
    alice.projects().create_project(alice.asks(named(&project))).await.unwrap();
    let message = CreateTaskRequest {
        id: Some(project.clone()),
        fields: Some(fields("b")),
        ..CreateTaskRequest::default()
    };
    assert_eq!(reason(alice.tasks().create_task(alice.asks(message)).await), "ID_TAKEN");
    // What is purged is free again, and nothing else goes with it.
    let message = DeleteTaskRequest { id: task.clone(), if_version: None };
    alice.tasks().delete_task(alice.asks(message)).await.unwrap();
    let message = PurgeTrashRequest { id: task.clone() };
    alice.trash().purge_trash(alice.asks(message)).await.unwrap();
    alice.projects().create_project(alice.asks(named(&task))).await.unwrap();
}
