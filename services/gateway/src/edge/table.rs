//! How much each has used of its rate, in bounded memory.
use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    sync::{Mutex, PoisonError},
};

const SHARDS: usize = 16;
const SETS: usize = 1024;
const WAYS: usize = 4;

/// The generic cell rate algorithm (ITU-T I.371) for 65,536 keys. When a set is full, the key that has used least is forgotten:
/// it loses nothing but a debt, and nobody can choose which keys share a set.
pub(super) struct Table {
    shards: Vec<Mutex<Vec<[Cell; WAYS]>>>,
    hasher: RandomState,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    key: u64,
    /// When all that was spent is earned back, in microseconds.
    settled: i64,
}

/// What came of spending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spent {
    /// How many microseconds it takes to earn back all.
    pub(super) debt: i64,
    /// In how many microseconds there is enough again; 0 when there was.
    pub(super) wait: i64,
}

impl Table {
    pub(super) fn new() -> Self {
        let shard = || Mutex::new(vec![[Cell::default(); WAYS]; SETS]);
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), hasher: RandomState::new() }
    }

    /// Spends one of `key`: it costs `interval` to earn back, and `most` may be owed. Times are in microseconds.
    pub(super) fn spend(&self, key: impl Hash, now: i64, interval: i64, most: i64) -> Spent {
        self.with(key, |cell| {
            let settled = cell.settled.max(now) + interval;
            let wait = settled - now - most;
            if wait > 0 {
                return Spent { debt: settled - interval - now, wait };
            }
            cell.settled = settled;
            Spent { debt: settled - now, wait: 0 }
        })
    }

    /// Spends what takes `cost` to earn back, whatever is owed already.
    pub(super) fn owe(&self, key: impl Hash, now: i64, cost: i64) {
        self.with(key, |cell| cell.settled = cell.settled.max(now).saturating_add(cost));
    }

    fn with<T>(&self, key: impl Hash, change: impl FnOnce(&mut Cell) -> T) -> T {
        // Zero stands for a cell that nobody uses.
        let hash = self.hasher.hash_one(key).max(1);
        let place = usize::try_from(hash >> 32).unwrap_or_default();
        let mut shard = self.shards[place % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let set = &mut shard[place / SHARDS % SETS];
        let own = set.iter().position(|cell| cell.key == hash);
        let way = own
            .unwrap_or_else(|| (0..WAYS).min_by_key(|way| set[*way].settled).unwrap_or_default());
        if own.is_none() {
            set[way] = Cell { key: hash, settled: 0 };
        }
        change(&mut set[way])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_rate_is_kept_over_any_time() {
        let table = Table::new();
        let spend = |now| table.spend("a", now, SECOND, 3 * SECOND);
        assert_eq!([spend(0).wait, spend(0).wait, spend(0).wait], [0; 3], "all at once");
        assert_eq!(spend(0), Spent { debt: 3 * SECOND, wait: SECOND });
        assert_eq!(spend(SECOND - 1).wait, 1);
        assert_eq!(spend(SECOND).wait, 0);
        assert_eq!(spend(SECOND).wait, SECOND, "what was refused costs nothing");
        assert_eq!(spend(100 * SECOND), Spent { debt: SECOND, wait: 0 });
    }

    #[test]
    fn what_is_owed_is_earned_back_like_what_was_spent() {
        let table = Table::new();
        let spend = |now| table.spend("a", now, SECOND, 3 * SECOND);
        table.owe("a", 0, 10 * SECOND);
        assert_eq!(spend(0).wait, 8 * SECOND);
        assert_eq!(spend(8 * SECOND), Spent { debt: 3 * SECOND, wait: 0 });
        table.owe("a", 100 * SECOND, 2 * SECOND);
        assert_eq!([spend(100 * SECOND).wait, spend(100 * SECOND).wait], [0, SECOND]);
    }

    #[test]
    fn keys_do_not_share_and_memory_does_not_grow() {
        let table = Table::new();
        let spend = |key: u32| table.spend(key, 0, SECOND, SECOND);
        assert!((0..1_000).all(|key| spend(key).wait == 0));
        assert_eq!(spend(999).wait, SECOND);
        (1_000..200_000).for_each(|key| _ = spend(key));
        let cells: usize =
            table.shards.iter().map(|shard| shard.lock().unwrap().len() * WAYS).sum();
        assert_eq!(cells, 65_536);
    }

    #[test]
    fn of_a_full_set_the_one_who_has_used_least_is_forgotten() {
        // All keys in one set, as chance would have it once in a while.
        let table = Table::new();
        let set = |cells: [(u64, i64); WAYS]| {
            for shard in &table.shards {
                let cells = cells.map(|(key, settled)| Cell { key, settled });
                shard.lock().unwrap().iter_mut().for_each(|set| *set = cells);
            }
        };
        set([(1, 9 * SECOND), (2, 2 * SECOND), (3, 7 * SECOND), (4, 8 * SECOND)]);
        assert_eq!(table.spend("new", SECOND, SECOND, SECOND), Spent { debt: SECOND, wait: 0 });
        let left = |key: u64| -> usize {
            let count = |cells: &Vec<[Cell; WAYS]>| {
                cells.iter().flatten().filter(|cell| cell.key == key).count()
            };
            table.shards.iter().map(|shard| count(&shard.lock().unwrap())).sum()
        };
        let sets = SHARDS * SETS;
        assert_eq!([1, 2, 3, 4].map(left), [sets, sets - 1, sets, sets]);
    }

    #[test]
    fn over_any_time_no_more_is_spent_than_is_earned() {
        let table = Table::new();
        let (interval, most) = (SECOND / 10, 2 * SECOND);
        let (mut now, mut passed) = (0, 0);
        // Steps that have nothing to do with the interval.
        for step in 0..5_000 {
            let Spent { debt, wait } = table.spend("a", now, interval, most);
            assert!((0..=most).contains(&debt), "{debt} is owed at {step}");
            passed += i64::from(wait == 0);
            assert!(passed <= (now + most) / interval, "{passed} after {now} µs");
            now += (step * 7_919) % 100_000;
        }
        assert!(passed >= now / interval, "{passed} in {now} µs: and no less");
    }
}
