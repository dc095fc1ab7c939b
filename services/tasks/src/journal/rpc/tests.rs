use std::pin::pin;

use futures_util::{FutureExt as _, StreamExt as _};
use kit_base::Clock;
use kit_db::{
    Db, Limits,
    migrate::apply,
    testing::{Backend, Database},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::*;
use crate::{Config, migrations, searches::Kind};

async fn rpc(name: &str) -> (Rpc, Database) {
    let database = Database::new(Backend::Sqlite, name).await;
    let db = Db::open(&database.url, &Limits::default()).unwrap();
    apply(&db, migrations::ALL).await.unwrap();
    (crate::rpc(&Config::default(), &db, &Clock::system()), database)
}

fn scopes<const MANY: usize>() -> [ScopeId; MANY] {
    std::array::from_fn(|number| ScopeId(Uuid::from_u128(number as u128 + 1)))
}

#[tokio::test]
async fn a_watcher_whose_page_finds_no_place_gets_it_later_and_does_not_end() {
    let (rpc, _database) = rpc("watcher").await;
    let [scope, first, second] = scopes();
    let held = (
        rpc.searches.begin(first, Kind::Page).await.unwrap(),
        rpc.searches.begin(second, Kind::Page).await.unwrap(),
    );
    let busy = rpc.changes_after(&rpc.watching, scope, 0, 200).await.err();
    assert_eq!(busy.map(|error| error.fault().1), Some("BUSY"));
    let (batches, mut watcher) = mpsc::channel(BATCHES);
    let watches = async {
        let longer = Duration::from_millis(1_200);
        assert!(timeout(longer, watcher.recv()).await.is_err(), "there is no place");
        drop(held);
        timeout(Duration::from_secs(10), watcher.recv()).await.expect("a place").unwrap()
    };
    let last = rpc.feed.watch(scope).unwrap();
    tokio::select! {
        () = rpc.send_changes((scope, last), 0, &batches) => panic!("the watcher lost its stream"),
        batch = watches => assert_eq!(batch.unwrap().0.cursor, cursor(scope, 0)),
    }
}

#[tokio::test]
async fn nobody_is_waited_for_who_takes_nothing_for_half_a_minute() {
    let (rpc, _database) = rpc("untaken").await;
    let [scope] = scopes();
    let (batches, watcher) = mpsc::channel(BATCHES);
    let mut sends = pin!(rpc.send_changes((scope, rpc.feed.watch(scope).unwrap()), 0, &batches));
    let first = async {
        while watcher.is_empty() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        () = sends.as_mut() => panic!("the first batch was not even there"),
        () = first => {}
    }
    // Nothing is read for the next one before there is a place for it.
    tokio::time::pause();
    let began = Instant::now();
    sends.await;
    let took = began.elapsed();
    // Virtual milliseconds are whole ones.
    let most = BOOKMARK + UNTAKEN + Duration::from_secs(1);
    assert!((UNTAKEN..most).contains(&took), "{took:?}");
    assert_eq!(watcher.len(), 1, "what it was sent is still there");
}

#[tokio::test]
async fn batches_that_wait_for_a_watcher_take_no_room_from_who_asks() {
    let (rpc, _database) = rpc("rooms").await;
    let [scope] = scopes();
    let turn = rpc.watching.begin(scope, scope).await;
    let turn = rpc.watching.grow(turn, usize::MAX).await;
    let watching = rpc.changes_after(&rpc.watching, scope, 0, 10);
    assert!(timeout(Duration::from_millis(200), watching).await.is_err(), "all is held");
    let asking = rpc.changes_after(&rpc.rooms, scope, 0, 10);
    assert!(timeout(Duration::from_secs(10), asking).await.expect("room of its own").is_ok());
    drop(turn);
    rpc.changes_after(&rpc.watching, scope, 0, 10).await.unwrap();
}

#[tokio::test]
async fn who_waits_for_room_keeps_no_place_among_the_searches() {
    let (rpc, _database) = rpc("places").await;
    let [scope, other] = scopes();
    let turn = rpc.watching.begin(other, other).await;
    let all = rpc.watching.hold(turn, usize::MAX).await;
    let first = rpc.changes_after(&rpc.watching, scope, 0, 200).await;
    assert!(first.is_ok(), "of whom nobody knows little is expected");
    // Theirs were large lately.
    rpc.watching.begin(scope, scope).await.was(200 << 10);
    let watching = rpc.changes_after(&rpc.watching, scope, 0, 200);
    let busy = timeout(Duration::from_secs(10), watching).await.expect("it is told so").err();
    assert_eq!(busy.map(|error| error.fault().1), Some("BUSY"));
    for scope in [scope, other] {
        let place = timeout(Duration::from_secs(10), rpc.searches.begin(scope, Kind::Search));
        place.await.expect("a place").unwrap().end();
    }
    drop(all);
    rpc.changes_after(&rpc.watching, scope, 0, 200).await.unwrap();
}

#[tokio::test]
async fn a_batch_keeps_its_room_until_the_next_is_asked_for_and_it_is_sent() {
    let (rpc, _database) = rpc("sent").await;
    let [scope] = scopes();
    let (batches, watcher) = mpsc::channel(2);
    let mut taken = Batches { watcher, room: None, is_asked: false };
    let room = async || rpc.watching.hold(rpc.watching.begin(scope, scope).await, 1024).await;
    for _ in 0..2 {
        batches.send(Ok((ChangeBatch::default(), room().await))).await.unwrap();
    }
    taken.next().await.unwrap().unwrap();
    let mut asks = taken.next();
    assert!((&mut asks).now_or_never().is_none(), "the first is handed over before the second");
    asks.await.unwrap().unwrap();
    assert!(taken.room.is_some());
    drop(batches);
    assert!(taken.next().await.is_none() && taken.room.is_none());
}
