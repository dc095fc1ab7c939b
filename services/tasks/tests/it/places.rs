use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateProjectRequest, CreateTaskRequest, DeleteProjectRequest, DeleteTaskRequest,
    GetTaskRequest, MoveTaskRequest, RestoreTrashRequest, RestoreTrashResponse, Task,
    UpdateProjectRequest,
};

use crate::app::{App, User, faults, fields, reason};

kit_db::on_each_backend!(
    what_is_moved_takes_along_what_lies_below,
    a_move_is_refused_at_the_field_that_says_where,
    an_archived_project_keeps_its_tasks_and_takes_no_others,
    a_new_subtask_is_in_the_project_of_its_parent,
    what_comes_back_where_its_place_is_gone_stands_at_the_end_of_what_is_left,
    a_tree_that_does_not_fit_any_more_comes_back_at_the_top,
);

const NOBODY: &str = "01a22219-328d-797c-a299-3514c8f144d2";

async fn project(user: &User, name: &str) -> String {
    let message = CreateProjectRequest { id: None, name: name.to_owned() };
    user.projects().create_project(user.asks(message)).await.unwrap().into_inner().id
}

fn new(project: Option<&str>, parent: Option<&str>) -> CreateTaskRequest {
    let (project_id, parent_id) = (project.map(str::to_owned), parent.map(str::to_owned));
    CreateTaskRequest { id: None, project_id, parent_id, fields: Some(fields("x")) }
}

async fn creates_in(user: &User, project: &str) -> Task {
    user.tasks().create_task(user.asks(new(Some(project), None))).await.unwrap().into_inner()
}

async fn now(user: &User, task: &Task) -> Task {
    let request = GetTaskRequest { id: task.id.clone() };
    user.tasks().get_task(user.asks(request)).await.unwrap().into_inner()
}

/// Where a task is: its project, and the task above it.
async fn place(user: &User, task: &Task) -> (String, Option<String>) {
    let Task { project_id, parent_id, .. } = now(user, task).await;
    (project_id, parent_id)
}

fn under(task: &Task, parent: &str) -> MoveTaskRequest {
    let (id, parent_id) = (task.id.clone(), Some(parent.to_owned()));
    MoveTaskRequest { id, parent_id, ..MoveTaskRequest::default() }
}

fn to_top(task: &Task, project: &str) -> MoveTaskRequest {
    let (id, project_id) = (task.id.clone(), Some(project.to_owned()));
    MoveTaskRequest { id, project_id, ..MoveTaskRequest::default() }
}

async fn moves(
    user: &User,
    message: MoveTaskRequest,
) -> Result<tonic::Response<Task>, tonic::Status> {
    user.tasks().move_task(user.asks(message)).await
}

async fn deletes(user: &User, task: &Task) {
    let message = DeleteTaskRequest { id: task.id.clone(), if_version: None };
    user.tasks().delete_task(user.asks(message)).await.unwrap();
}

async fn restores(user: &User, task: &Task) -> RestoreTrashResponse {
    let message = RestoreTrashRequest { id: task.id.clone() };
    user.trash().restore_trash(user.asks(message)).await.unwrap().into_inner()
}

async fn what_is_moved_takes_along_what_lies_below(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (attic, cellar) = (project(&alice, "Attic").await, project(&alice, "Cellar").await);
    let root = alice.creates("root").await;
    let branch = alice.creates_under(&root, "branch").await;
    let leaf = alice.creates_under(&branch, "leaf").await;
    moves(&alice, to_top(&branch, &attic)).await.unwrap();
    assert_eq!(place(&alice, &branch).await, (attic.clone(), None));
    assert_eq!(place(&alice, &leaf).await, (attic.clone(), Some(branch.id.clone())));
    assert_eq!(place(&alice, &root).await, (root.project_id.clone(), None));

    let shelf = creates_in(&alice, &cellar).await;
    moves(&alice, under(&branch, &shelf.id)).await.unwrap();
    assert_eq!(place(&alice, &branch).await, (cellar.clone(), Some(shelf.id.clone())));
    assert_eq!(place(&alice, &leaf).await, (cellar.clone(), Some(branch.id.clone())));

    let before = now(&alice, &leaf).await;
    moves(&alice, to_top(&branch, &cellar)).await.unwrap();
    assert_eq!(now(&alice, &leaf).await, before, "what stays in its project is not written");
}

fn not_found(fields: [&str; 2]) -> Vec<(String, String)> {
    fields.map(|field| (field.to_owned(), "NOT_FOUND".to_owned())).to_vec()
}

async fn a_move_is_refused_at_the_field_that_says_where(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let attic = project(&alice, "Attic").await;
    let (task, sibling) = (alice.creates("task").await, alice.creates("sibling").await);
    let below = alice.creates_under(&sibling, "below").await;
    let elsewhere = creates_in(&alice, &attic).await;
    let gone = alice.creates("gone").await;
    deletes(&alice, &gone).await;
    let beside = |before: Option<&str>, after: Option<&str>| MoveTaskRequest {
        id: task.id.clone(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        ..MoveTaskRequest::default()
    };
    for (message, field, why) in [
        (under(&task, NOBODY), "parent_id", "NOT_FOUND"),
        (under(&task, &gone.id), "parent_id", "NOT_FOUND"),
        (to_top(&task, NOBODY), "project_id", "NOT_FOUND"),
        (beside(Some(NOBODY), None), "before", "NOT_FOUND"),
        (beside(None, Some(&gone.id)), "after", "NOT_FOUND"),
        (beside(Some(&task.id), None), "before", "NOT_A_SIBLING"),
        (beside(Some(&below.id), None), "before", "NOT_A_SIBLING"),
        (beside(None, Some(&elsewhere.id)), "after", "NOT_A_SIBLING"),
    ] {
        let said = format!("{message:?}");
        let expected = vec![(field.to_owned(), why.to_owned())];
        assert_eq!(faults(moves(&alice, message).await), expected, "{said}");
    }
    let nowhere = MoveTaskRequest { before: Some(NOBODY.to_owned()), ..under(&task, &gone.id) };
    assert_eq!(faults(moves(&alice, nowhere).await), not_found(["parent_id", "before"]));
    // What cannot be read hides nothing of what can; where it goes is not known then, nor what stands there.
    for (beside, expected) in [
        (NOBODY, vec![("parent_id", "ID"), ("before", "NOT_FOUND")]),
        (&below.id, vec![("parent_id", "ID")]),
    ] {
        let astray = MoveTaskRequest { before: Some(beside.to_owned()), ..under(&task, "no id") };
        let told = faults(moves(&alice, astray).await);
        let told: Vec<_> = told.iter().map(|(at, why)| (at.as_str(), why.as_str())).collect();
        assert_eq!(told, expected);
    }
    assert_eq!(now(&alice, &task).await, task);
    moves(&alice, beside(None, Some(&sibling.id))).await.unwrap();
    assert!(now(&alice, &sibling).await.rank < now(&alice, &task).await.rank);
}

async fn an_archived_project_keeps_its_tasks_and_takes_no_others(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let attic = project(&alice, "Attic").await;
    let (old, other) = (creates_in(&alice, &attic).await, creates_in(&alice, &attic).await);
    let task = alice.creates("task").await;
    let gone = [creates_in(&alice, &attic).await, creates_in(&alice, &attic).await];
    deletes(&alice, &gone[0]).await;
    archives(&alice, &attic, true).await;
    deletes(&alice, &gone[1]).await;
    for message in [to_top(&task, &attic), under(&task, &old.id)] {
        assert_eq!(reason(moves(&alice, message).await), "PROJECT_ARCHIVED");
    }
    let below = alice.tasks().create_task(alice.asks(new(None, Some(&old.id)))).await;
    assert_eq!(reason(below), "PROJECT_ARCHIVED");
    for task in &gone {
        let restore = RestoreTrashRequest { id: task.id.clone() };
        let outcome = alice.trash().restore_trash(alice.asks(restore)).await;
        assert_eq!(reason(outcome), "PROJECT_ARCHIVED");
    }
    let stays = |after: Option<String>| MoveTaskRequest {
        id: other.id.clone(),
        after,
        ..MoveTaskRequest::default()
    };
    for (message, parent) in [
        (under(&other, &old.id), Some(&old.id)),
        (stays(None), Some(&old.id)),
        (to_top(&other, &attic), None),
        (stays(None), None),
        (stays(Some(old.id.clone())), None),
    ] {
        let moved = moves(&alice, message).await.expect("it is there already").into_inner();
        assert_eq!((moved.project_id, moved.parent_id.as_ref()), (attic.clone(), parent));
    }
    moves(&alice, to_top(&other, &task.project_id)).await.expect("it may leave");
    archives(&alice, &attic, false).await;
    for task in &gone {
        assert!(restores(&alice, task).await.in_place, "it waited in the trash");
    }
}

async fn archives(user: &User, project: &str, archived: bool) {
    let message = UpdateProjectRequest {
        id: project.to_owned(),
        update_mask: Some(prost_types::FieldMask { paths: vec!["archived".to_owned()] }),
        archived: Some(archived),
        ..UpdateProjectRequest::default()
    };
    user.projects().update_project(user.asks(message)).await.unwrap();
}

async fn a_new_subtask_is_in_the_project_of_its_parent(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let attic = project(&alice, "Attic").await;
    let parent = creates_in(&alice, &attic).await;
    for project in [None, Some(&*attic)] {
        let made = alice.tasks().create_task(alice.asks(new(project, Some(&parent.id)))).await;
        assert_eq!(made.unwrap().get_ref().project_id, attic);
    }
    let gone = alice.creates("gone").await;
    deletes(&alice, &gone).await;
    for (project, above, field, why) in [
        (Some(&*gone.project_id), Some(&*parent.id), "project_id", "CONFLICT"),
        (Some(&*gone.project_id), Some(&*gone.id), "parent_id", "NOT_FOUND"),
        (None, Some(NOBODY), "parent_id", "NOT_FOUND"),
        (Some(NOBODY), None, "project_id", "NOT_FOUND"),
    ] {
        let refused = alice.tasks().create_task(alice.asks(new(project, above))).await;
        assert_eq!(faults(refused), [(field.to_owned(), why.to_owned())]);
    }
    let nowhere = alice.tasks().create_task(alice.asks(new(Some(NOBODY), Some(NOBODY)))).await;
    assert_eq!(faults(nowhere), not_found(["parent_id", "project_id"]));
    let mut untitled = new(Some(NOBODY), Some(&parent.id));
    untitled.fields.as_mut().unwrap().title = Some(String::new());
    let refused = faults(alice.tasks().create_task(alice.asks(untitled)).await);
    let told: Vec<_> = refused.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(told, ["title", "project_id"], "{refused:?}");
}

async fn what_comes_back_where_its_place_is_gone_stands_at_the_end_of_what_is_left(
    backend: Backend,
) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (attic, cellar) = (project(&alice, "Attic").await, project(&alice, "Cellar").await);
    let root = creates_in(&alice, &attic).await;
    let branch = alice.creates_under(&root, "branch").await;
    let leaf = alice.creates_under(&branch, "leaf").await;

    // Its parent is in another project now.
    deletes(&alice, &branch).await;
    moves(&alice, to_top(&root, &cellar)).await.unwrap();
    let last = creates_in(&alice, &attic).await;
    let back = restores(&alice, &branch).await;
    assert_eq!((back.in_place, &back.project_id), (false, &attic));
    assert_eq!(place(&alice, &branch).await, (attic.clone(), None));
    assert_eq!(place(&alice, &leaf).await, (attic.clone(), Some(branch.id.clone())));
    assert!(now(&alice, &branch).await.rank > last.rank);

    // At the top level it needs no parent.
    deletes(&alice, &branch).await;
    assert!(restores(&alice, &branch).await.in_place);

    // Its project is in the trash.
    deletes(&alice, &branch).await;
    let message = DeleteProjectRequest { id: attic.clone(), if_version: None };
    alice.projects().delete_project(alice.asks(message)).await.unwrap();
    let back = restores(&alice, &branch).await;
    let inbox = alice.creates("x").await.project_id;
    assert_eq!((back.in_place, &back.project_id), (false, &inbox));
    assert_eq!(place(&alice, &branch).await, (inbox.clone(), None));
    assert_eq!(place(&alice, &leaf).await, (inbox, Some(branch.id.clone())));
}

async fn a_tree_that_does_not_fit_any_more_comes_back_at_the_top(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let root = alice.creates("root").await;
    let branch = alice.creates_under(&root, "branch").await;
    let leaf = alice.creates_under(&branch, "leaf").await;
    let mut levels = vec![alice.creates("1").await];
    for level in 2..=3 {
        levels.push(alice.creates_under(levels.last().unwrap(), &level.to_string()).await);
    }
    for (level, fits) in [(1, true), (2, false)] {
        moves(&alice, to_top(&root, &root.project_id)).await.unwrap();
        deletes(&alice, &branch).await;
        moves(&alice, under(&root, &levels[level].id)).await.unwrap();
        assert_eq!(restores(&alice, &branch).await.in_place, fits, "below level {}", level + 1);
        let parent = now(&alice, &branch).await.parent_id;
        assert_eq!(parent, fits.then(|| root.id.clone()));
        assert_eq!(now(&alice, &leaf).await.parent_id, Some(branch.id.clone()));
    }
}
