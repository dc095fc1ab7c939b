//! Two users whose things have the same ids, as clients may choose them: neither notices the other.
use kit_db::testing::Backend;
use proto::tasks::v1::{
    CreateProjectRequest, CreateTaskRequest, ListActivityRequest, MoveTaskRequest, TaskFields,
    UpdateTaskRequest,
};
use serde_json::{Map, Value};

use crate::{
    acts::{Act, How, everything, mask},
    app::{App, User, fields},
};

kit_db::on_each_backend!(who_has_the_same_ids_changes_and_sees_only_their_own);

const HOUSE: &str = "01a22219-328d-797c-a299-3514c8f144d0";
const ROOT: &str = "01a22219-328d-797c-a299-3514c8f144d1";
const CHILD: &str = "01a22219-328d-797c-a299-3514c8f144d2";
const LEAF: &str = "01a22219-328d-797c-a299-3514c8f144d3";
const SIBLING: &str = "01a22219-328d-797c-a299-3514c8f144d4";
const GONE: &str = "01a22219-328d-797c-a299-3514c8f144d5";
const RUIN: &str = "01a22219-328d-797c-a299-3514c8f144d6";
const WITHIN: &str = "01a22219-328d-797c-a299-3514c8f144d7";

/// Two projects, of which one is in the trash, a tree of three, and tasks beside it and in the trash.
async fn settles(user: &User) {
    for (id, name) in [(HOUSE, "House"), (RUIN, "Ruin")] {
        let message = CreateProjectRequest { id: Some(id.to_owned()), name: name.to_owned() };
        user.projects().create_project(user.asks(message)).await.unwrap();
    }
    for (id, project, parent) in [
        (ROOT, Some(HOUSE), None),
        (CHILD, None, Some(ROOT)),
        (LEAF, None, Some(CHILD)),
        (SIBLING, Some(HOUSE), None),
        (GONE, Some(HOUSE), None),
        (WITHIN, Some(RUIN), None),
    ] {
        let own = |id: &str| id.to_owned();
        let fields = TaskFields { labels: vec!["both".to_owned()], ..fields(id) };
        let (id, project_id, parent_id) = (Some(own(id)), project.map(own), parent.map(own));
        let message = CreateTaskRequest { id, project_id, parent_id, fields: Some(fields) };
        user.tasks().create_task(user.asks(message)).await.unwrap();
    }
    Act::DeleteTask.by(user, GONE, &How::default()).await.unwrap();
    Act::DeleteProject.by(user, RUIN, &How::default()).await.unwrap();
}

/// A step of a life: one of the plain acts, or one that says more.
#[derive(Clone, Copy, Debug)]
enum Step {
    Does(Act, &'static str),
    Relabels(&'static str, &'static [&'static str]),
    MovesBefore(&'static str, &'static str),
    MovesUnder(&'static str, &'static str),
}

impl Step {
    async fn by(self, user: &User) {
        let own = |id: &str| id.to_owned();
        let done = match self {
            Self::Does(act, id) => act.by(user, id, &How::default()).await.map(drop),
            Self::Relabels(id, labels) => {
                let labels = labels.iter().map(|label| own(label)).collect();
                let fields = Some(TaskFields { labels, ..TaskFields::default() });
                let (id, update_mask) = (own(id), mask("labels"));
                let message = UpdateTaskRequest { id, fields, update_mask, if_version: None };
                user.tasks().update_task(user.asks(message)).await.map(drop)
            }
            Self::MovesBefore(id, sibling) => {
                let (id, before) = (own(id), Some(own(sibling)));
                let message = MoveTaskRequest { id, before, ..MoveTaskRequest::default() };
                user.tasks().move_task(user.asks(message)).await.map(drop)
            }
            Self::MovesUnder(id, parent) => {
                let (id, parent_id) = (own(id), Some(own(parent)));
                let message = MoveTaskRequest { id, parent_id, ..MoveTaskRequest::default() };
                user.tasks().move_task(user.asks(message)).await.map(drop)
            }
        };
        done.unwrap_or_else(|status| panic!("{self:?}: {status:?}"));
    }
}

const LIFE: [Step; 24] = [
    Step::Does(Act::UpdateTask, ROOT),
    Step::Relabels(CHILD, &["both", "mine"]),
    Step::Relabels(SIBLING, &[]),
    Step::Does(Act::CompleteTask, ROOT),
    Step::Does(Act::ReopenTask, LEAF),
    Step::MovesBefore(SIBLING, ROOT),
    Step::MovesUnder(LEAF, SIBLING),
    Step::Does(Act::MoveTask, SIBLING),
    Step::Does(Act::DeleteTask, ROOT),
    Step::Does(Act::RestoreTrash, ROOT),
    Step::Does(Act::DeleteTask, CHILD),
    Step::Does(Act::PurgeTrash, CHILD),
    Step::Does(Act::CreateTask, CHILD),
    Step::Does(Act::RestoreTrash, GONE),
    Step::Does(Act::RestoreTrash, RUIN),
    Step::Does(Act::UpdateProject, RUIN),
    Step::MovesUnder(WITHIN, ROOT),
    Step::Does(Act::DeleteProject, HOUSE),
    Step::Does(Act::RestoreTrash, HOUSE),
    Step::Does(Act::DeleteProject, HOUSE),
    Step::Does(Act::PurgeTrash, HOUSE),
    Step::Does(Act::CreateProject, HOUSE),
    Step::Does(Act::DeleteProject, RUIN),
    Step::Does(Act::PurgeTrash, RUIN),
];

/// What the activity tells of each object, without what differs from one life to another: the moments, and the Inbox.
async fn told(user: &User) -> Vec<(String, i64, String, Vec<String>)> {
    let request = user.asks(ListActivityRequest { limit: 200, ..Default::default() });
    let page = user.changes().list_activity(request).await.unwrap().into_inner();
    assert_eq!(page.next_cursor, "", "all of it");
    let mut told = vec![];
    for change in page.changes {
        let fields: Map<String, Value> = serde_json::from_str(&change.changes).unwrap();
        let fields = fields.into_iter().map(|(field, _)| field).collect();
        told.push((change.object_id, change.object_version, change.operation, fields));
    }
    told.retain(|(id, ..)| id.starts_with("01a22219-328d"));
    told.sort();
    told
}

async fn who_has_the_same_ids_changes_and_sees_only_their_own(backend: Backend) {
    let (shared, alone) = (App::new(backend).await, App::new(backend).await);
    let (alice, bob, carol) = (shared.user(1), shared.user(2), alone.user(3));
    for user in [&alice, &bob, &carol] {
        settles(user).await;
    }
    let before = everything(&alice).await;
    for step in LIFE {
        step.by(&bob).await;
        step.by(&carol).await;
        assert_eq!(everything(&alice).await, before, "{step:?} of Bob's");
        assert_eq!(told(&bob).await, told(&carol).await, "{step:?} of one who has a twin");
    }
    // The other way round, where the twin has gone another way.
    let before = everything(&bob).await;
    for step in LIFE {
        step.by(&alice).await;
        assert_eq!(everything(&bob).await, before, "{step:?} of Alice's");
    }
    assert_eq!(told(&alice).await, told(&carol).await);
}
