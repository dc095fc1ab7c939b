mod keys;
mod many;
mod shared;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use kit_db::testing::Backend;
use uuid::Uuid;

use super::Unit;
use crate::{
    ids::{ObjectId, ProjectId, SessionId, TaskId, UserId},
    journal::{
        self,
        change::{Actor, Operation},
        command::Command,
        rows::Row as _,
        stored::Wanted,
    },
    migrations::tests::{Store, bounds},
    projects::{self, row::Project},
    tasks::{
        row::{Task, labels::Labels},
        store::{self, Filter, Order},
    },
    trash,
};

kit_db::on_each_backend!(
    a_query_sees_what_the_unit_wrote_and_nobody_else_does_before_the_commit,
    what_is_given_up_was_never_written,
    what_is_counted_is_durable,
    each_change_has_the_number_that_was_foretold,
    what_is_saved_twice_is_one_row_and_two_changes,
    what_is_purged_is_gone_at_once_and_may_be_made_anew,
    a_row_is_read_once_however_it_was_found,
    rows_of_two_types_do_not_take_each_others_place,
);

async fn begins(store: &Store) -> Unit {
    begins_with(store, &[], vec![]).await
}

async fn begins_with(store: &Store, keys: &[(UserId, &str)], wanted: Vec<Wanted>) -> Unit {
    let connection = store.db.acquire().await.unwrap();
    let clock = store.clock.clone();
    Unit::begin(connection, clock, store.scope, keys, wanted, bounds()).await.unwrap()
}

fn actor() -> Actor {
    let id = Uuid::from_u128(5);
    let (request_id, trace_id) = ("r".to_owned(), "t".to_owned());
    Actor { user_id: UserId(id), session_id: SessionId(id), request_id, trace_id }
}

fn id(number: u128) -> TaskId {
    TaskId(Uuid::from_u128(number))
}

fn task(unit: &Unit, number: u128, title: &str) -> Task {
    let new = Task::new(unit.scope.id, id(number), actor().user_id, unit.now);
    let labels = Labels(vec![format!("label of {title}")]);
    Task { project_id: unit.scope.inbox_id, title: title.to_owned(), labels, ..new }
}

async fn saves(unit: &mut Unit, task: Task) -> Task {
    unit.save(task, Operation::Update, &actor()).await.unwrap()
}

/// What others read: the titles by the time they were made.
async fn read(store: &Store, filter: Filter) -> Vec<String> {
    let order = Order::Created { descending: false, after: None };
    let found = store::list(&store.db, store.scope, &filter, &order, 99, false).await.unwrap();
    found.into_iter().map(|task| task.title).collect()
}

async fn told(store: &Store) -> Vec<(i64, i64, Operation)> {
    let changes =
        journal::store::changes_after(&store.db, store.scope, 0, 99, false).await.unwrap();
    let told = changes
        .into_iter()
        .map(|it| (it.sequence, it.object_version, Operation::parse(&it.operation).unwrap()));
    told.collect()
}

const INBOX: (i64, i64, Operation) = (1, 1, Operation::Create);

async fn a_query_sees_what_the_unit_wrote_and_nobody_else_does_before_the_commit(backend: Backend) {
    let store = Store::new(backend).await;
    let mut unit = begins(&store).await;
    let inbox = unit.scope.inbox_id;
    for (number, title) in [(1, "a"), (2, "b")] {
        let task = task(&unit, number, title);
        saves(&mut unit, task).await;
        let found = unit.query(store::in_project(store.scope, inbox)).await.unwrap();
        assert_eq!(found.len() as u128, number);
    }
    assert_eq!(unit.rows_read, 3, "one, and then two");
    let renamed = Task { title: "c".to_owned(), ..unit.find(id(1)).await.unwrap().unwrap() };
    saves(&mut unit, renamed).await;
    unit.let_go::<Task>(&[id(1).into(), id(2).into()]).await.unwrap();
    for (number, title) in [(1, "c"), (2, "b")] {
        assert_eq!(unit.find::<Task>(id(number)).await.unwrap().unwrap().title, title);
    }
    assert_eq!(read(&store, Filter::default()).await, [""; 0]);
    assert_eq!(told(&store).await, [INBOX]);
    unit.commit().await.unwrap();
    assert_eq!(read(&store, Filter::default()).await, ["c", "b"]);
    assert_eq!(told(&store).await.len(), 4);
}

async fn what_is_given_up_was_never_written(backend: Backend) {
    let store = Store::new(backend).await;
    let mut unit = begins(&store).await;
    let foretold = unit.next_sequence();
    let one = task(&unit, 1, "a");
    saves(&mut unit, one).await;
    // It is in the database by then, though nobody has seen it there.
    assert!(unit.query(store::below(store.scope, vec![id(9)])).await.unwrap().is_empty());
    unit.abandon().await;
    assert_eq!(read(&store, Filter::default()).await, [""; 0]);
    let mut unit = begins(&store).await;
    assert_eq!(unit.next_sequence(), foretold, "its number is given to another");
    assert_eq!(unit.find::<Task>(id(1)).await.unwrap(), None);
    let other = task(&unit, 1, "b");
    saves(&mut unit, other).await;
    unit.commit().await.unwrap();
    assert_eq!(read(&store, Filter::default()).await, ["b"]);
    assert_eq!(told(&store).await, [INBOX, (foretold, 1, Operation::Update)]);
}

async fn what_is_counted_is_durable(backend: Backend) {
    let store = Store::new(backend).await;
    let counted = Arc::new(AtomicU32::new(0));
    let begins = async || {
        let (mut unit, counts) = (begins(&store).await, Arc::clone(&counted));
        unit.tallies.push(Box::new(move || _ = counts.fetch_add(1, Relaxed)));
        unit
    };
    begins().await.abandon().await;
    drop(begins().await);
    assert_eq!(counted.load(Relaxed), 0, "nothing came of it");
    begins().await.commit().await.unwrap();
    assert_eq!(counted.load(Relaxed), 1);
}

async fn each_change_has_the_number_that_was_foretold(backend: Backend) {
    let store = Store::new(backend).await;
    let (mut foretold, mut unit) = (vec![1], begins(&store).await);
    for title in ["a", "b", "b", "c"] {
        let (next, task) = (unit.next_sequence(), task(&unit, 1, title));
        // The same once more is no change, and takes no number.
        let current = unit.find::<Task>(id(1)).await.unwrap().unwrap_or(task.clone());
        let changes = current.title != title || current == task;
        let Task { title, labels, .. } = task;
        saves(&mut unit, Task { title, labels, ..current }).await;
        foretold.extend(changes.then_some(next));
    }
    foretold.push(unit.next_sequence());
    let gone = unit.find::<Task>(id(1)).await.unwrap().unwrap();
    unit.purge(&gone, &actor());
    unit.commit().await.unwrap();
    let told: Vec<_> = told(&store).await.into_iter().map(|(sequence, ..)| sequence).collect();
    assert_eq!((told.len(), &told), (5, &foretold));
    assert_eq!(begins(&store).await.next_sequence(), 6);
}

async fn what_is_saved_twice_is_one_row_and_two_changes(backend: Backend) {
    let store = Store::new(backend).await;
    let mut unit = begins(&store).await;
    let made = task(&unit, 1, "a");
    let made = saves(&mut unit, made).await;
    let twice = saves(&mut unit, Task { title: "b".to_owned(), ..made.clone() }).await;
    assert_eq!((made.version, twice.version), (1, 2));
    unit.commit().await.unwrap();
    let mut unit = begins(&store).await;
    assert_eq!(unit.find::<Task>(id(1)).await.unwrap(), Some(twice));
    let changes =
        journal::store::changes_after(&store.db, store.scope, 1, 99, false).await.unwrap();
    assert_eq!(changes.iter().map(|it| it.object_version).collect::<Vec<_>>(), [1, 2]);
    for change in changes {
        let Actor { user_id, session_id, request_id, trace_id } = actor();
        assert_eq!((change.actor_id, change.session_id), (user_id, session_id));
        assert_eq!((change.request_id, change.trace_id), (request_id, trace_id));
        assert_eq!((change.at, change.object_id), (store.clock.now(), id(1).into()));
    }
}

async fn what_is_purged_is_gone_at_once_and_may_be_made_anew(backend: Backend) {
    let store = Store::new(backend).await;
    let mut unit = begins(&store).await;
    let old = task(&unit, 1, "old");
    saves(&mut unit, old).await;
    unit.commit().await.unwrap();
    let mut unit = begins(&store).await;
    let old = unit.find::<Task>(id(1)).await.unwrap().unwrap();
    unit.purge(&old, &actor());
    assert_eq!(unit.find::<Task>(id(1)).await.unwrap(), None);
    let new = task(&unit, 1, "new");
    assert_eq!(saves(&mut unit, new).await.version, 1, "it is another task");
    unit.commit().await.unwrap();
    for (title, found) in [("old", 0), ("new", 1)] {
        let label = vec![format!("label of {title}")];
        let labelled = Filter { labels: label, ..Filter::default() };
        assert_eq!(read(&store, labelled).await.len(), found, "by the label of {title}");
        let named = Filter { words: vec![title.to_owned()], ..Filter::default() };
        assert_eq!(read(&store, named).await.len(), found, "by the word {title}");
    }
    let purged = (3, 2, Operation::Purge);
    assert_eq!(told(&store).await[2..], [purged, (4, 1, Operation::Update)]);
}

/// Whatever was read before, by id or by a query, stays as the unit has changed it.
async fn a_row_is_read_once_however_it_was_found(backend: Backend) {
    let store = Store::new(backend).await;
    let mut unit = begins(&store).await;
    for (number, title) in [(1, "a"), (2, "b")] {
        let task = task(&unit, number, title);
        saves(&mut unit, task).await;
    }
    unit.commit().await.unwrap();
    let wanted = vec![Wanted::row::<Task>(id(1)), Wanted::row::<Task>(id(3))];
    let mut unit = begins_with(&store, &[], wanted).await;
    unit.read::<Task>(&[id(1).into(), id(2).into()]).await.unwrap();
    store_behind(&mut unit, "UPDATE tasks SET title = 'behind its back'").await;
    for (number, title) in [(1, Some("a")), (2, Some("b")), (3, None)] {
        let found = unit.find::<Task>(id(number)).await.unwrap();
        assert_eq!(found.map(|task| task.title).as_deref(), title, "{number}");
    }
}

async fn store_behind(unit: &mut Unit, statement: &'static str) {
    use diesel_async::SimpleAsyncConnection as _;
    let statement =
        kit_db::statement!(conn => conn.batch_execute(statement).await.map(|()| Vec::<()>::new()));
    unit.query(statement).await.unwrap();
}

async fn rows_of_two_types_do_not_take_each_others_place(backend: Backend) {
    let store = Store::new(backend).await;
    let mut unit = begins(&store).await;
    let inbox = unit.find::<Project>(unit.scope.inbox_id).await.unwrap().unwrap();
    assert_eq!(unit.find::<Task>(inbox.id.0).await.unwrap(), None);
    // An id of a project, as nothing but a wrong write would give it to a task.
    let twin = task(&unit, inbox.id.0.as_u128(), "a");
    let twin = saves(&mut unit, twin).await;
    assert_eq!(unit.find::<Project>(inbox.id.0).await.unwrap().as_ref(), Some(&inbox));
    unit.purge(&twin, &actor());
    assert_eq!(unit.find::<Project>(inbox.id.0).await.unwrap(), Some(inbox));
    unit.commit().await.unwrap();
}
