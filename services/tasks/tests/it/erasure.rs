//! A scope that is erased: nothing of it is left, and nothing comes back.
use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use kit_base::testing::eventually;
use kit_db::testing::{Backend, contents, traces};
use proto::tasks::v1::{
    CreateProjectRequest, CreateTaskRequest, DeleteTaskRequest, ListTasksRequest, TaskFields,
    WatchChangesRequest,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::app::{App, User, fields, reason};

kit_db::on_each_backend!(
    nothing_of_an_erased_scope_is_left_and_all_of_anothers_is,
    nothing_is_written_in_an_erased_scope_whichever_replica_is_asked,
    writes_beside_the_erasing_are_refused_from_some_moment_on_and_leave_nothing,
    who_watches_an_erased_scope_on_another_replica_is_told_so,
);

/// The account of the user of that number goes, and what is kept here of it.
async fn erases(app: &App, number: u128) {
    app.deletes(number);
    eventually("the scope is erased", async || tables_of(app, number).await == ["scopes"]).await;
}

/// The rows, by tables, in which the user of that number is named.
async fn rows_of(app: &App, number: u128) -> BTreeMap<String, Vec<String>> {
    traces(&contents(&app.database.url).await, &Uuid::from_u128(number + 1).to_string())
}

async fn tables_of(app: &App, number: u128) -> Vec<String> {
    rows_of(app, number).await.into_keys().collect()
}

/// Leaves something in every table.
async fn settles(user: &User) {
    let project = CreateProjectRequest { id: None, name: "Garden".to_owned() };
    user.projects().create_project(user.asks_once("settle", project)).await.unwrap();
    let labelled = TaskFields { labels: vec!["home".to_owned()], ..fields("labelled") };
    let task = user.creates_with(labelled, None).await;
    let gone = user.creates_under(&task, "gone").await;
    let message = DeleteTaskRequest { id: gone.id, if_version: None };
    user.tasks().delete_task(user.asks(message)).await.unwrap();
}

async fn nothing_of_an_erased_scope_is_left_and_all_of_anothers_is(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    settles(&alice).await;
    settles(&bob).await;
    // More than one batch.
    app.runs(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) \
         INSERT INTO task_labels SELECT scope_id, 'l' || i, task_id FROM task_labels, n WHERE label = 'home'"
            .to_owned(),
    )
    .await;
    let (mut all, before) = (contents(&app.database.url).await, rows_of(&app, 2).await);
    // The second is empty but during an update, the third is of nobody.
    all.retain(|table, _| !["schema_migrations", "unfolded", "leases"].contains(&table.as_str()));
    assert_eq!(tables_of(&app, 1).await, all.into_keys().collect::<Vec<_>>(), "one is not tried");

    erases(&app, 1).await;
    assert_eq!(rows_of(&app, 2).await, before);
    // Who never came is marked, too.
    erases(&app, 3).await;
    bob.creates("goes on").await;
}

async fn nothing_is_written_in_an_erased_scope_whichever_replica_is_asked(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let informed = app.replica().await.same(&alice);
    let uninformed = app.replica().await.same(&alice);
    alice.creates("here").await;
    informed.creates("there").await;
    erases(&app, 1).await;
    for user in [&alice, &informed, &uninformed] {
        for _ in 0..2 {
            let message =
                CreateTaskRequest { fields: Some(fields("late")), ..CreateTaskRequest::default() };
            let outcome = user.tasks().create_task(user.asks(message)).await;
            assert_eq!(reason(outcome), "SESSION_ENDED");
        }
        let outcome = user.tasks().list_tasks(user.asks(ListTasksRequest::default())).await;
        assert_eq!(reason(outcome), "SESSION_ENDED");
    }
    assert_eq!(tables_of(&app, 1).await, ["scopes"]);
}

async fn writes_beside_the_erasing_are_refused_from_some_moment_on_and_leave_nothing(
    backend: Backend,
) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let elsewhere = app.replica().await.same(&alice);
    let writers = join_all((0..8).map(|number| {
        let user = if number % 2 == 0 { alice.clone() } else { elsewhere.clone() };
        async move {
            loop {
                let fields = Some(fields("beside"));
                let message = CreateTaskRequest { fields, ..CreateTaskRequest::default() };
                let outcome = user.tasks().create_task(user.asks(message)).await;
                // Two processes on one file may have to wait for one another.
                if outcome.is_err() {
                    let refusal = reason(outcome);
                    if refusal != "DATABASE_UNAVAILABLE" {
                        return refusal;
                    }
                }
            }
        }
    }));
    let erasing = async {
        eventually("something is written", async || {
            rows_of(&app, 1).await.get("tasks").is_some_and(|tasks| tasks.len() >= 16)
        })
        .await;
        erases(&app, 1).await;
    };
    let both = async { tokio::join!(writers, erasing) };
    let (refusals, ()) = timeout(Duration::from_secs(20), both).await.unwrap();
    assert_eq!(refusals, ["SESSION_ENDED"; 8]);
    assert_eq!(tables_of(&app, 1).await, ["scopes"]);
}

async fn who_watches_an_erased_scope_on_another_replica_is_told_so(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    alice.creates("watched").await;
    let watcher = app.replica().await.same(&alice);
    let request = watcher.asks(WatchChangesRequest::default());
    let mut watched = watcher.changes().watch_changes(request).await.unwrap().into_inner();
    erases(&app, 1).await;
    let told = timeout(Duration::from_secs(5), async {
        loop {
            if let Err(refusal) = watched.message().await {
                return refusal;
            }
        }
    });
    assert_eq!(told.await.unwrap().code(), tonic::Code::OutOfRange);
}
