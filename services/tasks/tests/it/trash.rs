use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateProjectRequest, CreateTaskRequest, DeleteProjectRequest, DeleteTaskRequest,
    GetProjectRequest, GetTaskRequest, PurgeTrashRequest, RestoreTrashRequest, Status,
};

use crate::app::{App, User, fields};

kit_db::on_each_backend!(
    an_open_task_that_is_restored_opens_the_one_above_that_is_restored_with_it,
    what_a_restored_project_holds_open_lies_below_nothing_closed,
    what_is_purged_takes_nothing_of_another_type_with_it,
);

/// Ids that clients choose: what is above sorts behind what is below, so that it is read later.
const ABOVE: &str = "01a22219-328d-797c-a299-3514c8f144d2";
const BELOW: &str = "01a22219-328d-797c-a299-3514c8f144d1";

/// An open task below a closed one, as the first release left them. Gives their project.
async fn grown_old(app: &App, alice: &User, project_id: Option<String>) -> String {
    let new = |id: &str, parent_id: Option<&str>| CreateTaskRequest {
        id: Some(id.to_owned()),
        project_id: project_id.clone(),
        parent_id: parent_id.map(str::to_owned),
        fields: Some(fields(id)),
    };
    let above = alice.tasks().create_task(alice.asks(new(ABOVE, None))).await.unwrap();
    alice.tasks().create_task(alice.asks(new(BELOW, Some(ABOVE)))).await.unwrap();
    let close = "UPDATE tasks SET status = 'completed', completed_at = created_at WHERE title = ";
    app.runs(format!("{close}'{ABOVE}'")).await;
    assert_eq!(statuses(alice).await, [Status::Completed, Status::NeedsAction]);
    above.into_inner().project_id
}

async fn statuses(user: &User) -> [Status; 2] {
    let status = async |id: &str| {
        let request = user.asks(GetTaskRequest { id: id.to_owned() });
        user.tasks().get_task(request).await.unwrap().get_ref().status()
    };
    [status(ABOVE).await, status(BELOW).await]
}

async fn restores(user: &User, id: String) {
    let request = user.asks(RestoreTrashRequest { id });
    assert!(user.trash().restore_trash(request).await.unwrap().get_ref().in_place);
}

async fn an_open_task_that_is_restored_opens_the_one_above_that_is_restored_with_it(
    backend: Backend,
) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    grown_old(&app, &alice, None).await;
    let delete = DeleteTaskRequest { id: ABOVE.to_owned(), if_version: None };
    alice.tasks().delete_task(alice.asks(delete)).await.unwrap();
    restores(&alice, ABOVE.to_owned()).await;
    assert_eq!(statuses(&alice).await, [Status::NeedsAction; 2]);
}

async fn what_a_restored_project_holds_open_lies_below_nothing_closed(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let attic = CreateProjectRequest { id: None, name: "Attic".to_owned() };
    let attic = alice.projects().create_project(alice.asks(attic)).await.unwrap().into_inner().id;
    let project = grown_old(&app, &alice, Some(attic)).await;
    let delete = DeleteProjectRequest { id: project.clone(), if_version: None };
    alice.projects().delete_project(alice.asks(delete)).await.unwrap();
    restores(&alice, project).await;
    assert_eq!(statuses(&alice).await, [Status::NeedsAction; 2]);
}

/// As a release left them that looked for a chosen id among its own type alone.
async fn what_is_purged_takes_nothing_of_another_type_with_it(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    for (user, task_goes) in [(&alice, true), (&bob, false)] {
        let new = CreateProjectRequest { id: None, name: "Attic".to_owned() };
        let project = user.projects().create_project(user.asks(new)).await.unwrap().into_inner();
        let task = user.creates("shares its id").await;
        if task_goes {
            let delete = DeleteTaskRequest { id: task.id.clone(), if_version: None };
            user.tasks().delete_task(user.asks(delete)).await.unwrap();
        } else {
            let delete = DeleteProjectRequest { id: project.id.clone(), if_version: None };
            user.projects().delete_project(user.asks(delete)).await.unwrap();
        }
        let literal = |id: &str| match backend {
            Backend::Sqlite => format!("x'{}'", id.replace('-', "")),
            Backend::Postgres => format!("'{id}'"),
        };
        let (same, own) = (literal(&project.id), literal(&task.id));
        app.runs(format!("UPDATE tasks SET id = {same} WHERE id = {own}")).await;
        app.runs(format!("UPDATE tasks SET trash_id = {same} WHERE trash_id = {own}")).await;
        let purge = PurgeTrashRequest { id: project.id.clone() };
        user.trash().purge_trash(user.asks(purge)).await.unwrap();
        let (id, other) = (project.id.clone(), project.id.clone());
        let found = user.tasks().get_task(user.asks(GetTaskRequest { id })).await;
        let kept = user.projects().get_project(user.asks(GetProjectRequest { id: other })).await;
        assert_eq!((found.is_ok(), kept.is_ok()), (!task_goes, task_goes), "{backend:?}");
    }
}
