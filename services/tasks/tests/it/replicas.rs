//! Two processes on one database.
use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use kit_db::testing::Backend;
use prost::Message as _;
use proto::tasks::v1::{
    ListChangesRequest, ListProjectsRequest, ListTasksRequest, Task, UpdateTaskRequest,
};
use tokio::time::timeout;

use crate::{
    acts::{Act, How, everything, fresh_id, mask},
    app::{App, User, fields},
};

kit_db::on_each_backend!(
    who_asks_two_replicas_first_has_one_inbox,
    what_one_replica_writes_the_other_reads_and_tells,
    racing_writes_of_two_replicas_leave_a_journal_without_gaps,
    a_key_that_one_replica_used_is_known_to_the_other,
    of_racing_writes_at_two_replicas_one_wins,
);

/// A user, as each of two replicas sees one.
async fn twice(app: &App, number: u128) -> [User; 2] {
    let user = app.user(number);
    let other = app.replica().await.same(&user);
    [user, other]
}

async fn who_asks_two_replicas_first_has_one_inbox(backend: Backend) {
    let app = App::new(backend).await;
    let other = app.replica().await;
    for number in 1..=5 {
        let here = app.user(number);
        let there = other.same(&here);
        let projects = async |user: &User| {
            let request = user.asks(ListProjectsRequest::default());
            user.projects().list_projects(request).await.unwrap().into_inner().projects
        };
        let (one, two) = tokio::join!(projects(&here), projects(&there));
        assert_eq!((one.len(), &one), (1, &two), "user {number}");
        assert_eq!(everything(&here).await, everything(&there).await);
    }
}

async fn what_one_replica_writes_the_other_reads_and_tells(backend: Backend) {
    let app = App::new(backend).await;
    let [here, there] = twice(&app, 1).await;
    here.creates("first").await;
    for act in Act::ALL {
        let id = act.aim(&here).await;
        let request = ListChangesRequest { limit: 200, ..Default::default() };
        let all = there.changes().list_changes(there.asks(request)).await.unwrap().into_inner();
        assert!(!all.has_more);
        let poll = {
            let (there, cursor) = (there.clone(), all.next_cursor);
            kit_base::work::detach(async move {
                let request = ListChangesRequest { cursor, limit: 0, wait_milliseconds: 20_000 };
                there.changes().list_changes(there.asks(request)).await.unwrap().into_inner()
            })
        };
        act.by(&here, &id, &How::default()).await.unwrap();
        let told = timeout(Duration::from_secs(5), poll).await.unwrap().unwrap();
        assert!(told.changes.iter().any(|change| change.object_id == id), "{act:?}");
        assert_eq!(everything(&here).await, everything(&there).await, "{act:?}");
    }
}

async fn racing_writes_of_two_replicas_leave_a_journal_without_gaps(backend: Backend) {
    let app = App::new(backend).await;
    let users = twice(&app, 1).await;
    users[0].creates("first").await;
    let racing = (0..60).map(|number| {
        let user = users[number % 2].clone();
        async move { user.creates(&number.to_string()).await.rank }
    });
    let ranks: HashSet<String> = join_all(racing).await.into_iter().collect();
    assert_eq!(ranks.len(), 60, "each stands at a place of its own");
    let request = ListChangesRequest { limit: 200, ..Default::default() };
    let page = users[0].changes().list_changes(users[0].asks(request)).await.unwrap();
    let told: Vec<_> = page.get_ref().changes.iter().map(|change| change.sequence).collect();
    assert_eq!(told, (1..=62).collect::<Vec<_>>());
}

async fn a_key_that_one_replica_used_is_known_to_the_other(backend: Backend) {
    let app = App::new(backend).await;
    let users = twice(&app, 1).await;
    users[0].creates("first").await;
    for round in 0..10 {
        let (key, id) = (Some(format!("k{round}")), fresh_id());
        let how = How { key, ..How::default() };
        let racing = (0..6).map(|number| Act::CreateTask.by(&users[number % 2], &id, &how));
        let outcomes: Vec<_> =
            join_all(racing).await.into_iter().map(|it| it.unwrap().into_inner()).collect();
        let fresh = outcomes.iter().filter(|outcome| !outcome.replayed).count();
        assert_eq!(fresh, 1, "round {round}: one of them made it");
        for outcome in &outcomes {
            assert_eq!(Task::decode(outcome.message.as_slice()).unwrap().id, id);
        }
    }
    let request = users[1].asks(ListTasksRequest { limit: 200, ..Default::default() });
    let listed = users[1].tasks().list_tasks(request).await.unwrap();
    assert_eq!(listed.get_ref().tasks.len(), 11);
}

async fn of_racing_writes_at_two_replicas_one_wins(backend: Backend) {
    let app = App::new(backend).await;
    let users = twice(&app, 1).await;
    let task = users[0].creates("counted").await;
    for version in 1..=5 {
        let racing = (0..8).map(|number| {
            let (user, id) = (users[number % 2].clone(), task.id.clone());
            let fields = Some(fields(&format!("{version} by {number}")));
            let (update_mask, if_version) = (mask("title"), Some(version));
            let message = UpdateTaskRequest { id, fields, update_mask, if_version };
            async move { user.tasks().update_task(user.asks(message)).await }
        });
        let won: Vec<_> = join_all(racing).await.into_iter().filter_map(Result::ok).collect();
        assert_eq!(won.len(), 1, "at version {version}");
        assert_eq!(won[0].get_ref().version, version + 1);
    }
}
