//! The feed for who waits, who comes back late, and who stays.
use std::time::Duration;

use kit_db::testing::Backend;
use proto::tasks::v1::{ChangeBatch, ListChangesRequest, ListChangesResponse, WatchChangesRequest};
use tokio::time::{Instant, timeout};
use tonic::{Code, Streaming};

use crate::{
    acts::{Act, How},
    app::{App, User, reason},
};

kit_db::on_each_backend!(
    the_feed_goes_on_page_by_page_without_a_gap,
    who_comes_back_after_what_was_kept_has_to_begin_anew,
    a_journal_that_is_swept_empty_lets_only_its_end_go_on,
    who_does_not_wait_is_answered_at_once,
    who_waits_in_vain_gets_the_cursor_back,
    a_watcher_without_a_cursor_sees_what_is_new,
    a_watcher_gets_many_changes_in_batches_that_can_be_gone_on_behind,
    nothing_is_read_for_a_watcher_who_takes_nothing,
    a_watcher_behind_a_gap_is_refused,
    many_who_wait_are_all_woken,
    who_waits_is_answered_when_the_service_stops,
);

async fn lists(user: &User, cursor: &str, limit: i32, wait: i32) -> ListChangesResponse {
    let cursor = cursor.to_owned();
    let request = ListChangesRequest { cursor, limit, wait_milliseconds: wait };
    user.changes().list_changes(user.asks(request)).await.unwrap().into_inner()
}

async fn watches(user: &User, cursor: &str) -> Streaming<ChangeBatch> {
    let request = WatchChangesRequest { cursor: cursor.to_owned() };
    user.changes().watch_changes(user.asks(request)).await.unwrap().into_inner()
}

async fn next(stream: &mut Streaming<ChangeBatch>) -> ChangeBatch {
    timeout(Duration::from_secs(5), stream.message()).await.unwrap().unwrap().unwrap()
}

fn sequences(changes: &[proto::tasks::v1::Change]) -> Vec<i64> {
    changes.iter().map(|change| change.sequence).collect()
}

/// Writes a scope's changes up to this number; gives the cursor behind each, from that at the beginning on.
async fn fills(user: &User, last: usize) -> Vec<String> {
    // The Inbox is the first.
    for number in 2..=last {
        user.creates(&number.to_string()).await;
    }
    let all = lists(user, "", 200, 0).await;
    let beginning = crate::cursors::forged(
        &all.next_cursor,
        &serde_json::json!([[all.changes[0].scope_id, 0]]),
    );
    assert_eq!(all.changes.len(), last);
    [beginning].into_iter().chain(all.changes.into_iter().map(|change| change.cursor)).collect()
}

async fn the_feed_goes_on_page_by_page_without_a_gap(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    fills(&alice, 7).await;
    for limit in 1..=8 {
        let (mut found, mut cursor) = (vec![], String::new());
        loop {
            let page = lists(&alice, &cursor, limit, 0).await;
            assert_eq!(page.has_more, found.len() + page.changes.len() < 7, "{limit} on a page");
            let last = page.changes.last().unwrap();
            assert_eq!(page.next_cursor, last.cursor, "the page's is that of its last");
            found.extend(sequences(&page.changes));
            cursor = page.next_cursor;
            if !page.has_more {
                break;
            }
        }
        assert_eq!(found, (1..=7).collect::<Vec<_>>(), "{limit} on a page");
        let end = lists(&alice, &cursor, limit, 0).await;
        assert_eq!((end.changes, end.has_more, end.next_cursor), (vec![], false, cursor));
    }
}

async fn who_comes_back_after_what_was_kept_has_to_begin_anew(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let cursors = fills(&alice, 6).await;
    app.runs("DELETE FROM journal WHERE sequence <= 3".to_owned()).await;
    for (after, cursor) in cursors.iter().enumerate() {
        let request = ListChangesRequest { cursor: cursor.clone(), ..Default::default() };
        let outcome = alice.changes().list_changes(alice.asks(request)).await;
        match after {
            // Who has seen 3 misses nothing, and who has seen nothing reads from the beginning.
            0 | 3..=6 => {
                let first = i64::try_from(after).unwrap().max(3) + 1;
                let found = sequences(&outcome.unwrap().get_ref().changes);
                assert_eq!(found, (first..=6).collect::<Vec<_>>(), "after {after}");
            }
            _ => {
                assert_eq!(outcome.as_ref().unwrap_err().code(), Code::OutOfRange);
                assert_eq!(reason(outcome), "CURSOR_EXPIRED", "after {after}");
            }
        }
    }
    assert_eq!(sequences(&lists(&alice, "", 0, 0).await.changes), [4, 5, 6]);
}

async fn a_journal_that_is_swept_empty_lets_only_its_end_go_on(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let cursors = fills(&alice, 4).await;
    app.runs("DELETE FROM journal".to_owned()).await;
    for (after, cursor) in cursors.iter().enumerate() {
        let request = ListChangesRequest { cursor: cursor.clone(), ..Default::default() };
        let outcome = alice.changes().list_changes(alice.asks(request)).await;
        assert_eq!(outcome.is_ok(), [0, 4].contains(&after), "after {after}");
    }
    let task = alice.creates("next").await;
    let page = lists(&alice, &cursors[4], 0, 0).await;
    assert_eq!((page.changes[0].sequence, &page.changes[0].object_id), (5, &task.id));
}

async fn who_does_not_wait_is_answered_at_once(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let cursors = fills(&alice, 3).await;
    // Neither does who has something to see, however long the patience.
    for (cursor, wait, count) in [
        (&cursors[3], 0, 0),
        (&cursors[3], -1, 0),
        (&cursors[3], i32::MIN, 0),
        (&cursors[2], 20_000, 1),
        (&cursors[0], i32::MAX, 3),
    ] {
        let begun = Instant::now();
        let page = lists(&alice, cursor, 0, wait).await;
        assert_eq!(page.changes.len(), count, "{wait}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{wait}: {:?}", begun.elapsed());
    }
}

async fn who_waits_in_vain_gets_the_cursor_back(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    let cursors = fills(&alice, 3).await;
    let begun = Instant::now();
    let (page, _) = tokio::join!(lists(&alice, &cursors[3], 0, 300), bob.creates("another's"));
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    assert_eq!((page.changes, page.has_more), (vec![], false));
    assert_eq!(page.next_cursor, cursors[3]);
}

async fn a_watcher_without_a_cursor_sees_what_is_new(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let cursors = fills(&alice, 3).await;
    let mut stream = watches(&alice, "").await;
    let first = next(&mut stream).await;
    assert_eq!((first.changes, &first.cursor), (vec![], &cursors[3]), "where it stands");
    let task = alice.creates("new").await;
    let batch = next(&mut stream).await;
    assert_eq!(batch.changes[0].object_id, task.id);
    assert_eq!((batch.changes.len(), &batch.cursor), (1, &batch.changes[0].cursor));
}

async fn a_watcher_gets_many_changes_in_batches_that_can_be_gone_on_behind(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for number in 2..=205 {
        alice.creates(&number.to_string()).await;
    }
    let first = lists(&alice, "", 1, 0).await.next_cursor;
    let mut stream = watches(&alice, &first).await;
    let batch = next(&mut stream).await;
    assert_eq!(sequences(&batch.changes), (2..=201).collect::<Vec<_>>());
    // Whether it stays or comes again, it goes on behind that.
    let mut again = watches(&alice, &batch.cursor).await;
    for stream in [&mut stream, &mut again] {
        let rest = next(stream).await;
        assert_eq!(sequences(&rest.changes), (202..=205).collect::<Vec<_>>());
    }
}

async fn nothing_is_read_for_a_watcher_who_takes_nothing(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let cursors = fills(&alice, 3).await;
    let mut stream = watches(&alice, &cursors[3]).await;
    for title in ["a", "b", "c", "d"] {
        alice.creates(title).await;
        // What is read at once would be a batch of its own.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // How it stood when it was asked, and how it stands when it is asked again.
    let (first, second) = (next(&mut stream).await, next(&mut stream).await);
    let told = [first.changes, second.changes].concat();
    assert_eq!(sequences(&told), [4, 5, 6, 7]);
}

async fn a_watcher_behind_a_gap_is_refused(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let cursors = fills(&alice, 5).await;
    app.runs("DELETE FROM journal WHERE sequence <= 3".to_owned()).await;
    for (after, expired) in [(1, true), (2, true), (3, false), (5, false)] {
        let request = WatchChangesRequest { cursor: cursors[after].clone() };
        let outcome = alice.changes().watch_changes(alice.asks(request)).await;
        let code = outcome.map_or_else(|status| status.code(), |_| Code::Ok);
        assert_eq!(code, if expired { Code::OutOfRange } else { Code::Ok }, "after {after}");
    }
}

async fn many_who_wait_are_all_woken(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let cursors = fills(&alice, 3).await;
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (alice, cursor) = (alice.clone(), cursors[3].clone());
            kit_base::work::detach(async move { lists(&alice, &cursor, 0, 20_000).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    let id = Act::UpdateTask.aim(&alice).await;
    for waiting in waiting {
        let page = timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
        assert_eq!(page.changes[0].object_id, id);
    }
    Act::UpdateTask.by(&alice, &id, &How::default()).await.unwrap();
}

async fn who_waits_is_answered_when_the_service_stops(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let cursors = fills(&alice, 3).await;
    let mut stream = watches(&alice, &cursors[3]).await;
    assert_eq!(next(&mut stream).await.changes, []);
    let poll = {
        let (alice, cursor) = (alice.clone(), cursors[3].clone());
        kit_base::work::detach(async move { lists(&alice, &cursor, 0, 29_000).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!poll.is_finished());
    app.stops();
    let page = timeout(Duration::from_secs(15), poll).await.unwrap().unwrap();
    assert_eq!((page.changes, &page.next_cursor), (vec![], &cursors[3]));
    let end = timeout(Duration::from_secs(15), stream.message()).await.unwrap();
    assert!(matches!(end, Ok(None)), "a stream that is over: {end:?}");
}
