use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateProjectRequest, CreateTaskRequest, DeleteProjectRequest, GetProjectRequest,
    GetTaskRequest, ListProjectsRequest, ListTrashRequest, Project, RestoreTrashRequest,
    UpdateProjectRequest,
};

use crate::app::{App, User, faults, fields, reason};

kit_db::on_each_backend!(
    everyone_has_one_inbox_that_stays_as_it_is,
    a_project_is_renamed_and_archived,
    a_project_goes_to_the_trash_and_comes_back_with_its_tasks,
);

async fn creates(user: &User, name: &str) -> Project {
    let message = CreateProjectRequest { id: None, name: name.to_owned() };
    user.projects().create_project(user.asks(message)).await.unwrap().into_inner()
}

async fn lists(user: &User, archived: Option<bool>) -> Vec<Project> {
    let message = ListProjectsRequest { archived, ..ListProjectsRequest::default() };
    user.projects().list_projects(user.asks(message)).await.unwrap().into_inner().projects
}

fn update(id: &str, name: Option<&str>, archived: Option<bool>) -> UpdateProjectRequest {
    let paths = [name.map(|_| "name"), archived.map(|_| "archived")]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect();
    let (name, update_mask) = (name.map(str::to_owned), Some(prost_types::FieldMask { paths }));
    UpdateProjectRequest { id: id.to_owned(), update_mask, name, archived, if_version: None }
}

async fn everyone_has_one_inbox_that_stays_as_it_is(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (first, second) = tokio::join!(lists(&alice, None), lists(&alice, None));
    assert_eq!((first.len(), &first), (1, &second), "two first requests at once make one Inbox");
    let inbox = &first[0];
    assert!(inbox.is_inbox);
    assert_eq!(
        reason(
            alice.projects().update_project(alice.asks(update(&inbox.id, Some("x"), None))).await
        ),
        "INBOX_IS_FIXED"
    );
    assert_eq!(
        reason(
            alice.projects().update_project(alice.asks(update(&inbox.id, None, Some(true)))).await
        ),
        "INBOX_IS_FIXED"
    );
    let delete = DeleteProjectRequest { id: inbox.id.clone(), if_version: None };
    assert_eq!(reason(alice.projects().delete_project(alice.asks(delete)).await), "INBOX_IS_FIXED");
    assert_eq!(alice.creates("x").await.project_id, inbox.id);
}

async fn a_project_is_renamed_and_archived(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let project = creates(&alice, " Home ").await;
    assert_eq!((project.name.as_str(), project.version, project.archived), ("Home", 1, false));
    let changed = alice
        .projects()
        .update_project(alice.asks(update(&project.id, Some("Work"), Some(true))))
        .await
        .unwrap();
    assert_eq!(
        (changed.get_ref().name.as_str(), changed.get_ref().archived, changed.get_ref().version),
        ("Work", true, 2)
    );
    assert_eq!(lists(&alice, Some(true)).await.len(), 1);
    assert_eq!(lists(&alice, Some(false)).await.len(), 1);
    let into = CreateTaskRequest {
        project_id: Some(project.id.clone()),
        fields: Some(fields("x")),
        ..Default::default()
    };
    assert_eq!(reason(alice.tasks().create_task(alice.asks(into)).await), "PROJECT_ARCHIVED");
    let nameless = CreateProjectRequest { id: None, name: " ".to_owned() };
    let expected = vec![("name".to_owned(), "REQUIRED".to_owned())];
    assert_eq!(faults(alice.projects().create_project(alice.asks(nameless)).await), expected);
}

async fn a_project_goes_to_the_trash_and_comes_back_with_its_tasks(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    let project = creates(&alice, "Home").await;
    let into = CreateTaskRequest {
        project_id: Some(project.id.clone()),
        fields: Some(fields("x")),
        ..Default::default()
    };
    let task = alice.tasks().create_task(alice.asks(into)).await.unwrap().into_inner();
    let delete = || DeleteProjectRequest { id: project.id.clone(), if_version: None };
    assert_eq!(
        reason(bob.projects().delete_project(bob.asks(delete())).await),
        "PROJECT_NOT_FOUND"
    );
    alice.projects().delete_project(alice.asks(delete())).await.unwrap();
    let get = GetProjectRequest { id: project.id.clone() };
    assert_eq!(
        reason(alice.projects().get_project(alice.asks(get.clone())).await),
        "PROJECT_NOT_FOUND"
    );
    let of_task = GetTaskRequest { id: task.id.clone() };
    assert_eq!(reason(alice.tasks().get_task(alice.asks(of_task.clone())).await), "TASK_NOT_FOUND");
    let trash = alice
        .trash()
        .list_trash(alice.asks(ListTrashRequest::default()))
        .await
        .unwrap()
        .into_inner()
        .items;
    assert_eq!((trash.len(), trash[0].size, trash[0].title.as_str()), (1, 2, "Home"));
    let restore = RestoreTrashRequest { id: project.id.clone() };
    assert_eq!(
        reason(bob.trash().restore_trash(bob.asks(restore.clone())).await),
        "TRASH_NOT_FOUND"
    );
    alice.trash().restore_trash(alice.asks(restore)).await.unwrap();
    assert!(alice.projects().get_project(alice.asks(get)).await.is_ok());
    assert!(alice.tasks().get_task(alice.asks(of_task)).await.is_ok());
}
