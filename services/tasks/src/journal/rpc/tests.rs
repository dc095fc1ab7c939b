use kit_base::Clock;
use kit_db::{
    Db, Limits,
    migrate::apply,
    testing::{Backend, Database},
};
use uuid::Uuid;

use super::*;
use crate::{Config, migrations, searches::Kind};

#[tokio::test]
async fn a_watcher_whose_page_finds_no_place_gets_it_later_and_does_not_end() {
    let database = Database::new(Backend::Sqlite, "watcher").await;
    let db = Db::open(&database.url, &Limits::default()).unwrap();
    apply(&db, migrations::ALL).await.unwrap();
    let rpc = crate::rpc(&Config::default(), &db, &Clock::system());
    let [scope, first, second] = [1, 2, 3].map(|number| ScopeId(Uuid::from_u128(number)));
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
