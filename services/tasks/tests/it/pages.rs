//! Lists page by page: however long the pages are and whatever is equal in order, each thing comes once and in its place.
use std::{cmp::Reverse, collections::BTreeMap};

use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateProjectRequest, Due, ListActivityRequest, ListChangesRequest, ListProjectsRequest,
    ListTasksRequest, ListTrashRequest, Project, Task, TaskFields, UpdateProjectRequest,
};
use tonic::Code;

use crate::{
    acts::{Act, How, mask},
    app::{App, User, fields, reason},
};

kit_db::on_each_backend!(
    tasks_that_are_equal_in_order_come_once_on_pages_of_any_length,
    a_page_that_ends_with_the_last_due_goes_on_with_what_is_never_due,
    projects_come_once_on_pages_of_any_length,
    what_was_deleted_at_one_moment_comes_once_on_pages_of_any_length,
    the_activity_is_the_feed_the_other_way_round,
    a_limit_is_refused_by_every_list_in_the_same_way,
    a_cursor_of_one_filter_opens_no_other,
);

const ORDERS: [&str; 7] = ["", "created_at", "-created_at", "due", "-due", "rank", "-rank"];

async fn tasks(user: &User, project: &str, order_by: &str, limit: i32) -> Vec<Task> {
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        let (project_id, order_by) = (Some(project.to_owned()), order_by.to_owned());
        let request =
            ListTasksRequest { project_id, order_by, limit, cursor, ..Default::default() };
        let page = user.tasks().list_tasks(user.asks(request)).await.unwrap().into_inner();
        let full = page.tasks.len() == usize::try_from(limit).unwrap();
        found.extend(page.tasks);
        cursor = page.next_cursor;
        if cursor.is_empty() {
            return found;
        }
        assert!(full, "only the last page may be short");
    }
}

/// What a list in this order has to be, found out without a database.
fn arranged(mut tasks: Vec<Task>, order_by: &str) -> Vec<Task> {
    let made = |task: &Task| task.created_at.map(|at| (at.seconds, at.nanos));
    let date = |task: &Task| task.due.clone().and_then(|due| due.date);
    let (never, due): (Vec<_>, Vec<_>) =
        tasks.iter().cloned().partition(|task| date(task).is_none());
    match order_by {
        "created_at" => tasks.sort_by_key(|task| (made(task), task.id.clone())),
        "" | "-created_at" => tasks.sort_by_key(|task| Reverse((made(task), task.id.clone()))),
        "rank" => tasks.sort_by_key(|task| (task.rank.clone(), task.id.clone())),
        "-rank" => tasks.sort_by_key(|task| Reverse((task.rank.clone(), task.id.clone()))),
        _ => {
            let (mut due, mut never) = (due, never);
            due.sort_by_key(|task| (date(task), task.id.clone()));
            if order_by == "-due" {
                due.reverse();
            }
            never.sort_by_key(|task| (made(task), task.id.clone()));
            tasks = due.into_iter().chain(never).collect();
        }
    }
    tasks
}

fn due(date: Option<&str>) -> TaskFields {
    let due = date.map(|date| Due { date: Some(date.to_owned()), ..Due::default() });
    TaskFields { due, ..fields(date.unwrap_or("never")) }
}

async fn tasks_that_are_equal_in_order_come_once_on_pages_of_any_length(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (early, late) = (Some("2026-01-01"), Some("2026-02-01"));
    let mut project = String::new();
    for date in [late, None, early, early, None, late, early, None, late, late] {
        project = alice.creates_with(due(date), None).await.project_id;
    }
    // All but one of those that are due were made at one moment and stand at one rank, and so are the others.
    for half in ["due_at IS NULL", "due_at < (SELECT MAX(due_at) FROM tasks)"] {
        for column in ["created_at", "rank"] {
            let least = format!("(SELECT MIN({column}) FROM tasks WHERE {half})");
            app.runs(format!("UPDATE tasks SET {column} = {least} WHERE {half}")).await;
        }
    }
    let all = tasks(&alice, &project, "", 200).await;
    let ranks: BTreeMap<_, _> = all.iter().map(|task| (&task.rank, &task.id)).collect();
    assert_eq!((all.len(), ranks.len()), (10, 6), "some stand at one rank");
    for order_by in ORDERS {
        let expected = arranged(all.clone(), order_by);
        for limit in 1..=11 {
            let found = tasks(&alice, &project, order_by, limit).await;
            assert_eq!(found, expected, "{order_by}, {limit} on a page");
        }
    }
}

async fn a_page_that_ends_with_the_last_due_goes_on_with_what_is_never_due(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for (dates, titles) in [
        (vec![Some("2026-01-01"), Some("2026-02-01")], vec!["2026-01-01", "2026-02-01"]),
        (vec![None], vec!["2026-01-01", "2026-02-01", "never"]),
    ] {
        let mut project = String::new();
        for date in dates {
            project = alice.creates_with(due(date), None).await.project_id;
        }
        let found = tasks(&alice, &project, "due", 2).await;
        assert_eq!(found.iter().map(|task| &*task.title).collect::<Vec<_>>(), titles);
    }
    // Who asks for what is due by a day is not told of what never is.
    let before = Some(crate::app::moment("2027-01-01T00:00:00Z"));
    for (limit, count) in [(1, 1), (2, 2), (3, 2)] {
        let request = ListTasksRequest {
            order_by: "due".to_owned(),
            due_before: before,
            limit,
            ..Default::default()
        };
        let page = alice.tasks().list_tasks(alice.asks(request)).await.unwrap().into_inner();
        assert_eq!((page.tasks.len(), page.next_cursor.is_empty()), (count, limit > 1));
    }
}

async fn projects(user: &User, archived: Option<bool>, limit: i32) -> Vec<Project> {
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        let request = ListProjectsRequest { archived, limit, cursor };
        let page = user.projects().list_projects(user.asks(request)).await.unwrap().into_inner();
        found.extend(page.projects);
        cursor = page.next_cursor;
        if cursor.is_empty() {
            return found;
        }
    }
}

async fn creates_project(user: &User, name: &str) -> Project {
    let message = CreateProjectRequest { id: None, name: name.to_owned() };
    user.projects().create_project(user.asks(message)).await.unwrap().into_inner()
}

async fn projects_come_once_on_pages_of_any_length(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for (age, name) in (1..=6).rev().zip(["a", "b", "c", "d", "e", "f"]) {
        // Whatever the ids say of when they were made, projects stand as they came.
        let id = uuid::Builder::from_unix_timestamp_millis(age, &[7; 10]).into_uuid().to_string();
        let message = CreateProjectRequest { id: Some(id.clone()), name: name.to_owned() };
        alice.projects().create_project(alice.asks(message)).await.unwrap();
        if "bdf".contains(name) {
            let (update_mask, archived) = (mask("archived"), Some(true));
            let message = UpdateProjectRequest { id, update_mask, archived, ..Default::default() };
            alice.projects().update_project(alice.asks(message)).await.unwrap();
        } else if name == "e" {
            Act::DeleteProject.by(&alice, &id, &How::default()).await.unwrap();
        }
    }
    for (archived, names) in [(None, "abcdfInbox"), (Some(false), "acInbox"), (Some(true), "bdf")] {
        for limit in 1..=7 {
            let found = projects(&alice, archived, limit).await;
            let found: String = found.into_iter().map(|project| project.name).collect();
            assert_eq!(found, names, "{archived:?}, {limit} on a page");
        }
    }
    // Those that stand at one rank come by their ids.
    app.runs("UPDATE projects SET rank = 'V' WHERE name <> 'a'".to_owned()).await;
    let mut expected = projects(&alice, None, 200).await;
    expected.sort_by_key(|project| (project.rank.clone(), project.id.clone()));
    for limit in 1..=6 {
        assert_eq!(projects(&alice, None, limit).await, expected, "{limit} on a page");
    }
}

async fn trash(user: &User, limit: i32) -> Vec<(String, i64)> {
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        let request = ListTrashRequest { limit, cursor };
        let page = user.trash().list_trash(user.asks(request)).await.unwrap().into_inner();
        found.extend(page.items.into_iter().map(|item| (item.id, item.size)));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            return found;
        }
    }
}

async fn what_was_deleted_at_one_moment_comes_once_on_pages_of_any_length(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let mut expected = vec![];
    for number in 0..6 {
        let (act, id, size) = if number % 2 == 0 {
            let task = alice.creates("task").await;
            alice.creates_under(&task, "below").await;
            (Act::DeleteTask, task.id, 2)
        } else {
            (Act::DeleteProject, creates_project(&alice, "project").await.id, 1)
        };
        act.by(&alice, &id, &How::default()).await.unwrap();
        expected.push((id, size));
    }
    assert_eq!(trash(&alice, 4).await, expected.iter().rev().cloned().collect::<Vec<_>>());
    for table in ["tasks", "projects"] {
        let then = "(SELECT MAX(trashed_at) FROM tasks)";
        let some = "trashed_at IS NOT NULL";
        app.runs(format!("UPDATE {table} SET trashed_at = {then} WHERE {some}")).await;
    }
    expected.sort_by(|one, other| other.cmp(one));
    for limit in 1..=7 {
        assert_eq!(trash(&alice, limit).await, expected, "{limit} on a page");
    }
}

async fn the_activity_is_the_feed_the_other_way_round(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    for act in Act::ALL {
        for user in [&alice, &bob] {
            let id = act.aim(user).await;
            act.by(user, &id, &How::default()).await.unwrap();
        }
    }
    let request = ListChangesRequest { limit: 200, ..ListChangesRequest::default() };
    let feed = alice.changes().list_changes(alice.asks(request)).await.unwrap().into_inner();
    let mut expected = feed.changes;
    expected.reverse();
    assert!(expected.len() > 20 && !feed.has_more);
    for limit in [1, 3, 7, 200] {
        let (mut found, mut cursor) = (vec![], String::new());
        loop {
            let request = alice.asks(ListActivityRequest { limit, cursor });
            let page = alice.changes().list_activity(request).await.unwrap().into_inner();
            found.extend(page.changes);
            cursor = page.next_cursor;
            if cursor.is_empty() {
                break;
            }
        }
        assert_eq!(found, expected, "{limit} on a page");
    }
    // The scope of a user is named after the user.
    assert!(expected.iter().all(|change| change.actor_id == change.scope_id));
}

async fn a_limit_is_refused_by_every_list_in_the_same_way(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for (limit, accepted) in
        [(i32::MIN, false), (-1, false), (0, true), (1, true), (200, true), (201, false)]
    {
        let none = String::new;
        let tasks = alice.asks(ListTasksRequest { limit, ..Default::default() });
        let projects = alice.asks(ListProjectsRequest { limit, ..Default::default() });
        let trash = alice.asks(ListTrashRequest { limit, cursor: none() });
        let changes = alice.asks(ListChangesRequest { limit, ..Default::default() });
        let activity = alice.asks(ListActivityRequest { limit, cursor: none() });
        let outcomes = [
            alice.tasks().list_tasks(tasks).await.map(|_| tonic::Response::new(())),
            alice.projects().list_projects(projects).await.map(|_| tonic::Response::new(())),
            alice.trash().list_trash(trash).await.map(|_| tonic::Response::new(())),
            alice.changes().list_changes(changes).await.map(|_| tonic::Response::new(())),
            alice.changes().list_activity(activity).await.map(|_| tonic::Response::new(())),
        ];
        for (list, outcome) in outcomes.into_iter().enumerate() {
            assert_eq!(outcome.is_ok(), accepted, "list {list}, limit {limit}");
            if !accepted {
                assert_eq!(outcome.as_ref().unwrap_err().code(), Code::InvalidArgument);
                assert_eq!(reason(outcome), "INVALID_LIMIT", "list {list}, limit {limit}");
            }
        }
    }
}

async fn a_cursor_of_one_filter_opens_no_other(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    creates_project(&alice, "a").await;
    creates_project(&alice, "b").await;
    let page = |archived, cursor: &str| {
        alice.asks(ListProjectsRequest { archived, limit: 1, cursor: cursor.to_owned() })
    };
    let filters = [None, Some(false)];
    for given in filters {
        let first = alice.projects().list_projects(page(given, "")).await.unwrap().into_inner();
        for asked in filters.into_iter().chain([Some(true)]) {
            let next = alice.projects().list_projects(page(asked, &first.next_cursor)).await;
            if asked == given {
                assert_eq!(next.unwrap().get_ref().projects[0].name, "b");
            } else {
                assert_eq!(reason(next), "CURSOR_MISMATCH", "{given:?} at {asked:?}");
            }
        }
    }
}
