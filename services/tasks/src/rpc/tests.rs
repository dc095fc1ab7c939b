use futures_util::FutureExt as _;
use kit_base::Timestamp;
use kit_db::testing::{Backend, Database};
use tokio::time::timeout;
use uuid::Uuid;

use super::*;
use crate::Config;

const SMALL: usize = 100;
/// As the first page of whom nobody knows yet is counted, or more.
const LARGE: usize = page::LARGE;

fn scope(number: u128) -> ScopeId {
    ScopeId(Uuid::from_u128(number))
}

fn wanted(rpc: &Rpc, scope: ScopeId, long: bool, limit: i64) -> Wanted<'_> {
    Wanted { rooms: &rpc.rooms, scope, long, limit }
}

/// Nothing is asked of its database, and no time passes by itself.
async fn rpc() -> (Rpc, Database) {
    let database = Database::new(Backend::Sqlite, "rpc").await;
    let db = Db::open(&database.url, &kit_db::Limits::default()).unwrap();
    let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
    tokio::time::pause();
    (crate::rpc(&Config::default(), &db, &clock), database)
}

/// Reads a page of so many bytes, and tells whether that was where searches are.
async fn reads(rpc: &Rpc, scope: ScopeId, long: bool, bytes: usize) -> bool {
    read_apart(rpc, wanted(rpc, scope, long, 200), vec![bytes]).await
}

/// The same of rows of so many bytes.
async fn read_apart(rpc: &Rpc, wanted: Wanted<'_>, rows: Vec<usize>) -> bool {
    let mut read_apart = None;
    let read = async |apart, _| {
        read_apart = Some(apart);
        Ok(rows.clone())
    };
    let (found, _, _room) = rpc.page(wanted, |bytes| *bytes, read).await.unwrap();
    assert_eq!(found, rows);
    read_apart.unwrap()
}

/// Until its pages are known to be small.
async fn small(rpc: &Rpc, scope: ScopeId) {
    for _ in 0..40 {
        reads(rpc, scope, false, SMALL).await;
    }
    // What is asked for next is to wait for what it waits for, and not because this task has had its share of time.
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn a_page_that_is_likely_to_be_large_or_may_take_long_is_read_where_searches_are() {
    let (rpc, _database) = rpc().await;
    small(&rpc, scope(1)).await;
    assert!(!reads(&rpc, scope(1), false, SMALL).await);
    assert!(reads(&rpc, scope(1), true, SMALL).await, "it may take long");
    assert!(!reads(&rpc, scope(1), false, LARGE).await, "nobody knew");
    assert!(reads(&rpc, scope(1), false, SMALL).await, "the last was large");
    assert!(!read_apart(&rpc, wanted(&rpc, scope(1), false, 1), vec![SMALL]).await, "one row");
}

#[tokio::test]
async fn so_many_rows_as_are_likely_to_be_large_together_are_read_where_searches_are() {
    let (rpc, _database) = rpc().await;
    small(&rpc, scope(1)).await;
    let rows = page::LARGE / 4096;
    let apart = async |limit| {
        let wanted = wanted(&rpc, scope(1), false, i64::try_from(limit).unwrap());
        read_apart(&rpc, wanted, vec![4096; 2]).await
    };
    assert!(!apart(rows).await, "nobody knew");
    assert!(!apart(rows).await);
    assert!(apart(rows + 1).await);
}

#[tokio::test]
async fn who_searches_waits_for_its_own_search_alone() {
    let (rpc, _database) = rpc().await;
    small(&rpc, scope(1)).await;
    small(&rpc, scope(2)).await;
    let search = rpc.searches.begin(scope(1), Kind::Search).await.unwrap();
    let waits = reads(&rpc, scope(1), true, SMALL).now_or_never();
    assert_eq!(waits, None, "one of a scope at once");
    assert_eq!(reads(&rpc, scope(1), false, SMALL).now_or_never(), Some(false));
    assert_eq!(reads(&rpc, scope(2), true, SMALL).now_or_never(), Some(true));
    search.end();
    assert_eq!(reads(&rpc, scope(1), true, SMALL).now_or_never(), Some(true));
}

#[tokio::test]
async fn who_has_all_its_room_taken_waits_and_nobody_else() {
    let (rpc, _database) = rpc().await;
    small(&rpc, scope(2)).await;
    let held = rpc
        .page(
            wanted(&rpc, scope(1), false, 200),
            |bytes| *bytes,
            async |_, _| Ok(vec![page::MAX_BYTES]),
        )
        .await;
    assert_eq!(reads(&rpc, scope(1), false, SMALL).now_or_never(), None);
    assert_eq!(reads(&rpc, scope(2), false, SMALL).now_or_never(), Some(false));
    drop(held);
    assert_eq!(reads(&rpc, scope(1), false, SMALL).now_or_never(), Some(true));
}

#[tokio::test]
async fn a_page_that_cannot_be_read_leaves_its_room() {
    let (rpc, _database) = rpc().await;
    small(&rpc, scope(1)).await;
    for _ in 0..100 {
        let failed = async |_, _| Err::<Vec<usize>, _>(Error::Invalid(vec![]));
        let page = rpc.page(wanted(&rpc, scope(1), false, 200), |bytes| *bytes, failed);
        assert!(timeout(Duration::from_secs(1), page).await.expect("room").is_err());
    }
}

#[tokio::test]
async fn where_rows_are_large_no_more_of_them_are_asked_for_than_fit() {
    let (rpc, _database) = rpc().await;
    let asked = async |scope, limit, row: usize| {
        let mut asked = 0;
        let read = async |_, rows| {
            asked = rows;
            Ok(vec![row; usize::try_from(rows.min(2)).unwrap()])
        };
        let (_, limit, _room) =
            rpc.page(wanted(&rpc, scope, false, limit), |row| *row, read).await.unwrap();
        assert_eq!(asked, limit + 1, "and the one that says that there are more");
        limit
    };
    assert_eq!(asked(scope(1), 200, 64 << 10).await, 200, "nobody knew");
    assert_eq!(asked(scope(1), 200, 100).await, LEAST_ROWS, "the last were large");
    assert_eq!(asked(scope(1), 5, 100).await, 5);
    assert_eq!(asked(scope(2), 200, 4 << 10).await, 200);
    assert_eq!(asked(scope(2), 200, 4 << 10).await, 128, "twice the page");
    tokio::time::advance(Duration::from_secs(600)).await;
    assert_eq!(asked(scope(1), 200, 100).await, 200, "ten minutes later");
}
