//! Room in memory for pages: so much in all, so much of each key, and of each group of keys, so that nobody takes the room of all others.
use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::keyed::Keyed;

/// What room is counted in, in bytes.
const UNIT: usize = 1024;
const PLACES: usize = 4096;
/// A group of keys has such a part of all room.
const PART_OF_A_GROUP: usize = 4;
/// A key has room for so many small pages at once: what asks for them in good faith asks for no more.
const SMALL_PAGES: usize = 64;

/// Where pages are held.
#[derive(Debug)]
pub struct Rooms {
    all: Arc<Semaphore>,
    /// In all, in units.
    most: usize,
    /// Of one key, in units.
    most_of_a_key: usize,
    places: Keyed<Arc<Place>>,
    groups: Keyed<Arc<Semaphore>>,
}

#[derive(Debug)]
struct Place {
    room: Arc<Semaphore>,
    /// How large a page is likely to be, in units.
    expected: AtomicUsize,
}

/// A page that is worked on.
#[derive(Debug)]
pub struct Turn {
    place: Arc<Place>,
    group: Arc<Semaphore>,
    room: OwnedSemaphorePermit,
}

/// Room for a page, free again when this is dropped.
#[derive(Debug)]
pub struct Room {
    room: OwnedSemaphorePermit,
    _of_group: OwnedSemaphorePermit,
    turn: Turn,
}

impl Rooms {
    /// Room for `all` bytes, of one key for `each`, and of one group of keys for a quarter of all: a page that is larger, or of which nobody
    /// knows yet, has that for itself.
    pub fn new(all: usize, each: usize) -> Self {
        let (most, most_of_a_key) = (all / UNIT, each / UNIT);
        let place = || Place {
            room: Arc::new(Semaphore::new(most_of_a_key)),
            expected: AtomicUsize::new(most_of_a_key / 4),
        };
        Self {
            all: Arc::new(Semaphore::new(most)),
            most,
            most_of_a_key,
            places: Keyed::new(PLACES, || Arc::new(place())),
            groups: Keyed::new(PLACES, || Arc::new(Semaphore::new(most / PART_OF_A_GROUP))),
        }
    }

    /// Waits until there is room for one more page of the key, which is one of the group's, as large as its pages are.
    pub async fn begin(&self, key: impl Hash, group: impl Hash) -> Turn {
        let place = Arc::clone(self.places.value(key));
        let room = acquire(&place.room, self.likely(&place)).await;
        Turn { room, place, group: Arc::clone(self.groups.value(group)) }
    }

    /// What a page is counted as before it is read, in units: whoever has small pages may yet ask for a large one.
    fn likely(&self, place: &Place) -> usize {
        let least = self.most_of_a_key.div_ceil(SMALL_PAGES);
        place.expected.load(Relaxed).clamp(least, self.most_of_a_key)
    }

    /// Waits for room for a page that nobody has read yet: as large as the key's are, and at most `bytes`.
    pub async fn reserve(&self, turn: Turn, bytes: usize) -> Room {
        let expected = self.likely(&turn.place) * UNIT;
        self.hold(turn, expected.min(bytes)).await
    }

    /// Waits until its key has room for a page of so many bytes, which turned out larger than it was likely to be. Meanwhile it has none.
    pub async fn grow(&self, turn: Turn, bytes: usize) -> Turn {
        let units = bytes.div_ceil(UNIT).min(self.most_of_a_key);
        if turn.room.num_permits() >= units {
            return turn;
        }
        let Turn { place, group, room } = turn;
        drop(room);
        Turn { room: acquire(&place.room, units).await, place, group }
    }

    /// The same for a page that has room already.
    pub async fn fit(&self, room: Room, bytes: usize) -> Room {
        if room.room.num_permits() >= bytes.div_ceil(UNIT) {
            return room;
        }
        // What waits here holds nothing that others wait for.
        let Room { room, _of_group: of_group, turn } = room;
        drop((room, of_group));
        let turn = self.grow(turn, bytes).await;
        self.hold(turn, bytes).await
    }

    /// Waits for room for a page of so many bytes, which keeps its turn as long. What is too large for all the room there is gets all.
    pub async fn hold(&self, turn: Turn, bytes: usize) -> Room {
        let units = bytes.div_ceil(UNIT);
        // Who waits for its group has nothing that others need.
        let of_group = acquire(&turn.group, units.min(self.most / PART_OF_A_GROUP)).await;
        Room { room: acquire(&self.all, units.min(self.most)).await, _of_group: of_group, turn }
    }
}

impl Turn {
    /// Whether the page is likely to be this large, in bytes.
    pub fn expects(&self, bytes: usize) -> bool {
        self.place.expected.load(Relaxed) * UNIT >= bytes
    }

    /// Says how large the page was: the next are expected to be as large, and only little by little smaller.
    pub fn was(&self, bytes: usize) {
        let expected = self.place.expected.load(Relaxed);
        self.place
            .expected
            .store((expected - expected.div_ceil(8)).max(bytes.div_ceil(UNIT)), Relaxed);
    }
}

impl Room {
    /// See [`Turn::was`].
    pub fn was(&self, bytes: usize) {
        self.turn.was(bytes);
    }
}

async fn acquire(room: &Arc<Semaphore>, units: usize) -> OwnedSemaphorePermit {
    let units = u32::try_from(units).expect("there is less than 4 TiB of room");
    Arc::clone(room).acquire_many_owned(units).await.expect("room is never closed")
}

#[cfg(test)]
mod tests {
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
            rooms.all.available_permits()
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
        let mut turns: Vec<_> = (0..9).filter_map(|_| begin(&rooms, 0)).collect();
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
        assert_eq!(rooms.all.available_permits(), 310);
        assert!(rooms.grow(begin(&rooms, 0).unwrap(), 11 * UNIT).now_or_never().is_none());
        assert!(rooms.grow(begin(&rooms, 1).unwrap(), 99 * UNIT).now_or_never().is_some());
        let fits = rooms.fit(fits, 5 * UNIT).now_or_never().unwrap();
        assert_eq!(rooms.all.available_permits(), 310, "what it has is enough");
        drop(fits);
    }

    #[test]
    fn who_waits_for_more_room_has_given_back_what_it_had() {
        let rooms = Rooms::new(100 * UNIT, 100 * UNIT);
        let reserved = |key| rooms.reserve(begin(&rooms, key)?, 20 * UNIT).now_or_never();
        let full: Vec<_> = (0..99).filter_map(reserved).take(5).collect();
        assert_eq!((full.len(), rooms.all.available_permits()), (5, 0));
        let mut grow: Vec<_> =
            full.into_iter().map(|room| Box::pin(rooms.fit(room, 25 * UNIT))).collect();
        assert!(grow.iter_mut().all(|fit| fit.now_or_never().is_none()), "none has what it asks");
        let grown: Vec<_> = grow.iter_mut().filter_map(|fit| fit.now_or_never()).collect();
        assert!(!grown.is_empty(), "each waits for what the others have, for ever");
    }

    #[test]
    fn there_is_so_much_room_in_all() {
        let rooms = Rooms::new(100 * UNIT, 100 * UNIT);
        let hold = |key, bytes| rooms.hold(begin(&rooms, key).unwrap(), bytes).now_or_never();
        let most = hold(0, 60 * UNIT).unwrap();
        assert!(hold(1, 40 * UNIT + 1).is_none());
        let rest = (1..9).find_map(|key| hold(key, 40 * UNIT)).unwrap();
        assert!(hold(2, 1).is_none());
        assert!(hold(2, 0).is_some(), "nothing needs none");
        drop((most, rest));
        assert!(hold(0, usize::MAX).is_some(), "what is too large has it all");
        assert_eq!(rooms.all.available_permits(), 100);
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
        assert_eq!(
            rooms.all.available_permits(),
            75,
            "who waits for its group has nothing of the rest"
        );
        let another = (1..9).find_map(|group| hold(2, group, 20 * UNIT));
        assert!(another.is_some(), "another group has");
        drop(held);
        assert!(hold(2, 0, 25 * UNIT).is_some());
    }
}
