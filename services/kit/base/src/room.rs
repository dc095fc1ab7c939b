//! Room in memory for pages: so much in all, so much of each key, and of each group of keys a part of what is left, so that nobody takes
//! the room of all others.
mod held;

use std::{
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use self::held::{Held, LEAST, Part};
use crate::keyed::Keyed;

/// What room is counted in, in bytes.
const UNIT: usize = 1024;
const PLACES: usize = 4096;
/// A key has room for so many small pages at once, the others wait for their turn: nobody knows how large they are before they are read.
const SMALL_PAGES: usize = 16;

/// Where pages are held.
#[derive(Debug)]
pub struct Rooms {
    held: Arc<Held>,
    /// Of one key, in units.
    most_of_a_key: usize,
    places: Keyed<Arc<Place>>,
}

#[derive(Debug)]
struct Place {
    room: Arc<Semaphore>,
    /// How large a page is likely to be, in units.
    expected: AtomicUsize,
    large: Mutex<Large>,
    /// The same of a row.
    row: Mutex<Large>,
}

/// The largest page of a key, in bytes, which counts for half as much each minute: some small ones do not make it forgotten.
#[derive(Clone, Copy, Debug)]
struct Large {
    bytes: usize,
    at: Instant,
}

impl Large {
    fn none() -> Mutex<Self> {
        Mutex::new(Self { bytes: 0, at: Instant::now() })
    }

    fn was(&mut self, bytes: usize) {
        if bytes >= self.now() {
            *self = Self { bytes, at: Instant::now() };
        }
    }

    fn now(self) -> usize {
        let minutes = self.at.elapsed().as_secs() / 60;
        self.bytes >> minutes.min(63)
    }
}

/// A page that is worked on.
#[derive(Debug)]
pub struct Turn {
    place: Arc<Place>,
    /// Of the group, known by a number.
    group: u64,
    room: OwnedSemaphorePermit,
}

/// Room for a page, free again when this is dropped.
#[derive(Debug)]
pub struct Room {
    part: Part,
    turn: Turn,
}

impl Rooms {
    /// Room for `all` bytes, of one key for `each`, and of one group of keys for a quarter of what the others leave. A page that is larger than a
    /// quarter of all waits until nobody has any. Who has little finds room where there is none for others, up to twice as much in all.
    pub fn new(all: usize, each: usize) -> Self {
        let most_of_a_key = each / UNIT;
        let place = || Place {
            room: Arc::new(Semaphore::new(most_of_a_key)),
            expected: AtomicUsize::new(most_of_a_key / 4),
            large: Large::none(),
            row: Large::none(),
        };
        Self {
            held: Held::new(all / UNIT),
            most_of_a_key,
            places: Keyed::new(PLACES, || Arc::new(place())),
        }
    }

    /// Waits until there is room for one more page of the key, which is one of the group's, as large as its pages are.
    pub async fn begin(&self, key: impl Hash, group: impl Hash) -> Turn {
        self.turn(key, group, |place| self.likely(place)).await
    }

    /// The same for a page of so many bytes.
    pub async fn begin_for(&self, key: impl Hash, group: impl Hash, bytes: usize) -> Turn {
        self.turn(key, group, |_| bytes.div_ceil(UNIT).min(self.most_of_a_key)).await
    }

    async fn turn(
        &self,
        key: impl Hash,
        group: impl Hash,
        units: impl FnOnce(&Place) -> usize,
    ) -> Turn {
        let place = Arc::clone(self.places.value(key));
        let room = acquire(&place.room, units(&place)).await;
        Turn { room, place, group: self.held.number(group) }
    }

    /// What a page is counted as before it is read, in units: whoever has small pages may yet ask for a large one.
    fn likely(&self, place: &Place) -> usize {
        let least = self.most_of_a_key.div_ceil(SMALL_PAGES);
        place.expected.load(Relaxed).clamp(least, self.most_of_a_key)
    }

    /// Waits for room for a page that nobody has read yet: as large as the key's are, and at most `bytes`. Of whom nobody knows, it is little:
    /// who comes first waits for nobody.
    pub async fn reserve(&self, turn: Turn, bytes: usize) -> Room {
        let largest = lock(&turn.place.large).now().max(LEAST * UNIT);
        let expected = turn.place.expected.load(Relaxed).min(self.most_of_a_key) * UNIT;
        self.hold(turn, expected.min(largest).min(bytes)).await
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

    /// The same for a page that has room already; of which it gives back what it does not need.
    pub async fn fit(&self, room: Room, bytes: usize) -> Room {
        let units = bytes.div_ceil(UNIT);
        if room.part.units() >= units {
            let Room { mut part, turn } = room;
            part.shrink(units);
            return Room { part, turn };
        }
        // What waits here holds nothing that others wait for.
        let Room { part, turn } = room;
        drop(part);
        let turn = self.grow(turn, bytes).await;
        self.hold(turn, bytes).await
    }

    /// Waits for room for a page of so many bytes, which keeps its turn as long. What is too large for all the room there is gets all.
    pub async fn hold(&self, turn: Turn, bytes: usize) -> Room {
        Room { part: self.held.part(turn.group, bytes.div_ceil(UNIT)).await, turn }
    }
}

impl Turn {
    /// Whether the page is likely to be this large, in bytes, or one of the last minutes was.
    pub fn expects(&self, bytes: usize) -> bool {
        self.place.expected.load(Relaxed) * UNIT >= bytes || lock(&self.place.large).now() >= bytes
    }

    /// How many rows are likely to fit into so many bytes: as large as those of a page were on average, the largest of the last minutes.
    pub fn rows_within(&self, bytes: usize) -> usize {
        bytes / lock(&self.place.row).now().max(1)
    }

    /// Says how large the page was: the next are expected to be as large, and only little by little smaller.
    pub fn was(&self, bytes: usize) {
        let expected = self.place.expected.load(Relaxed);
        self.place
            .expected
            .store((expected - expected.div_ceil(8)).max(bytes.div_ceil(UNIT)), Relaxed);
        lock(&self.place.large).was(bytes);
    }
}

impl Room {
    /// See [`Turn::was`]; in so many rows.
    pub fn was(&self, bytes: usize, rows: usize) {
        self.turn.was(bytes);
        lock(&self.turn.place.row).was(bytes / rows.max(1));
    }
}

fn lock(large: &Mutex<Large>) -> MutexGuard<'_, Large> {
    large.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn acquire(room: &Arc<Semaphore>, units: usize) -> OwnedSemaphorePermit {
    let units = u32::try_from(units).expect("there is less than 4 TiB of room");
    Arc::clone(room).acquire_many_owned(units).await.expect("room is never closed")
}

#[cfg(test)]
mod tests;
