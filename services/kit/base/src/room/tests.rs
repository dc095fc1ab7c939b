use futures_util::FutureExt as _;

use super::*;

fn begin(rooms: &Rooms, key: usize) -> Option<Turn> {
    rooms.begin(key, key).now_or_never()
}

/// How many pages of a key are worked on at once.
fn at_once(rooms: &Rooms, key: usize) -> usize {
    let turns: Vec<_> = std::iter::from_fn(|| begin(rooms, key)).collect();
    turns.len()
}

fn had(rooms: &Rooms, key: usize, bytes: usize, pages: usize) {
    for _ in 0..pages {
        begin(rooms, key).unwrap().was(bytes);
    }
}

#[test]
fn who_has_large_pages_has_few_at_once_and_who_has_small_ones_many() {
    let rooms = Rooms::new(400 * UNIT, 192 * UNIT);
    assert_eq!(at_once(&rooms, 0), 4, "nobody knows yet");
    had(&rooms, 0, 192 * UNIT, 1);
    assert_eq!(at_once(&rooms, 0), 1);
    had(&rooms, 0, 1, 4);
    assert!(at_once(&rooms, 0) < 3, "a few small ones promise nothing");
    had(&rooms, 0, 1, 40);
    assert_eq!(at_once(&rooms, 0), SMALL_PAGES, "and no more, however small they are");
    had(&rooms, 0, usize::MAX / 2, 1);
    assert_eq!(at_once(&rooms, 0), 1);
}

#[tokio::test(start_paused = true)]
async fn a_large_page_is_remembered_for_minutes_whatever_comes_after_it() {
    let rooms = Rooms::new(4096 * UNIT, 1024 * UNIT);
    let expects = || begin(&rooms, 0).unwrap().expects(64 * UNIT);
    assert!(expects(), "nobody knows yet");
    had(&rooms, 0, 1, 20);
    assert!(!expects());
    tokio::task::yield_now().await;
    had(&rooms, 0, 1000 * UNIT, 1);
    had(&rooms, 0, 1, 60);
    for (minutes, is_expected) in [(0, true), (3, true), (1, false)] {
        tokio::time::advance(std::time::Duration::from_secs(60 * minutes)).await;
        assert_eq!(expects(), is_expected, "{minutes} later");
    }
}

#[test]
fn who_has_its_share_waits_and_others_do_not() {
    let rooms = Rooms::new(100 * UNIT, 48 * UNIT);
    let turns: Vec<_> = std::iter::from_fn(|| begin(&rooms, 0)).collect();
    assert!((1..9).any(|key| begin(&rooms, key).is_some()));
    drop(turns);
    assert!(begin(&rooms, 0).is_some());
}

#[test]
fn what_is_not_read_yet_holds_what_is_likely() {
    let rooms = Rooms::new(100 * UNIT, 48 * UNIT);
    let left = |key: usize, bytes| {
        let _room = rooms.reserve(begin(&rooms, key).unwrap(), bytes).now_or_never();
        rooms.held.left()
    };
    assert_eq!([left(0, 99 * UNIT), left(0, 5 * UNIT)], [88, 95]);
    had(&rooms, 0, 48 * UNIT, 1);
    assert_eq!(left(0, 99 * UNIT), 52);
    had(&rooms, 0, 1, 40);
    assert_eq!(left(0, 99 * UNIT), 99);
}

#[test]
fn what_turns_out_large_waits_as_if_that_had_been_known() {
    let rooms = Rooms::new(400 * UNIT, 100 * UNIT);
    had(&rooms, 0, 1, 40);
    let mut turns: Vec<_> = (0..5).filter_map(|_| begin(&rooms, 0)).collect();
    let mut grow = |bytes| rooms.grow(turns.pop().unwrap(), bytes).now_or_never();
    let small = grow(1).unwrap();
    let large = grow(60 * UNIT).unwrap();
    assert!(grow(60 * UNIT).is_none(), "its key has no room for another");
    drop(large);
    assert!(grow(usize::MAX).is_none(), "nor for all that it may have");
    drop(small);
    drop(std::mem::take(&mut turns));
    let room = rooms.reserve(begin(&rooms, 0).unwrap(), 90 * UNIT).now_or_never().unwrap();
    let fits = rooms.fit(room, 90 * UNIT).now_or_never().unwrap();
    assert_eq!(rooms.held.left(), 310);
    assert!(rooms.grow(begin(&rooms, 0).unwrap(), 11 * UNIT).now_or_never().is_none());
    assert!(rooms.grow(begin(&rooms, 1).unwrap(), 99 * UNIT).now_or_never().is_some());
    let fits = rooms.fit(fits, 5 * UNIT).now_or_never().unwrap();
    assert_eq!(rooms.held.left(), 395, "it needs no more");
    drop(fits);
}

#[test]
fn who_waits_for_more_room_has_given_back_what_it_had() {
    let rooms = Rooms::new(1000 * UNIT, 1000 * UNIT);
    let mut full: Vec<_> = (0..9)
        .filter_map(|key| rooms.hold(begin(&rooms, key)?, 200 * UNIT).now_or_never())
        .take(2)
        .collect();
    assert_eq!((full.len(), rooms.held.left()), (2, 600));
    let mut waits = Box::pin(rooms.fit(full.pop().unwrap(), 250 * UNIT));
    assert!(waits.as_mut().now_or_never().is_none(), "that is more than its part");
    assert_eq!(rooms.held.left(), 800);
    let grown = rooms.fit(full.pop().unwrap(), 250 * UNIT).now_or_never();
    assert!(grown.is_some(), "each waits for what the other has, for ever");
}

#[test]
fn there_is_so_much_room_in_all() {
    let rooms = Rooms::new(1000 * UNIT, 1000 * UNIT);
    let hold = |key, bytes| rooms.hold(begin(&rooms, key).unwrap(), bytes).now_or_never();
    let most = hold(0, 600 * UNIT).unwrap();
    let mut others = (1..9).filter(|key| begin(&rooms, *key).is_some());
    let other = others.next().unwrap();
    assert!(hold(other, 400 * UNIT + 1).is_none() && hold(other, 100 * UNIT + 1).is_none());
    let part = hold(other, 100 * UNIT).unwrap();
    assert!(hold(other, 0).is_some(), "nothing needs none");
    drop((most, part));
    assert!(hold(0, usize::MAX).is_some(), "what is too large has it all");
    assert_eq!(rooms.held.left(), 1000);
}

#[test]
fn the_keys_of_a_group_have_a_quarter_of_all_room_together() {
    let rooms = Rooms::new(100 * UNIT, 20 * UNIT);
    let hold = |key: usize, group: usize, bytes| {
        let turn = rooms.begin(key, group).now_or_never().unwrap();
        rooms.hold(turn, bytes).now_or_never()
    };
    let held = [hold(0, 0, 15 * UNIT).unwrap(), hold(1, 0, 10 * UNIT).unwrap()];
    assert!(hold(2, 0, UNIT).is_none(), "its group has no more");
    assert_eq!(rooms.held.left(), 75, "who waits for its group has nothing of the rest");
    assert!(hold(2, 1, 19 * UNIT).is_none(), "that is more than a quarter of what is left");
    assert!(hold(2, 1, 18 * UNIT).is_some());
    drop(held);
    assert!(hold(2, 0, 25 * UNIT).is_some());
}
