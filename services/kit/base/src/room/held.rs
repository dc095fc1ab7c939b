//! What is held of all room, by whom.
use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher as _, Hash, RandomState},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// A group has such a part of what the others leave: however many take all they can get, there is something left for the next.
const PART: usize = 4;
/// And so many units in any case, as long as no more than twice of all is held: who needs little waits for nobody.
pub(super) const LEAST: usize = 16;

/// All of it.
#[derive(Debug)]
pub(super) struct Held {
    /// In units.
    most: usize,
    hasher: RandomState,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    groups: HashMap<u64, usize>,
}

/// What one holds of it, until this is dropped.
#[derive(Debug)]
pub(super) struct Part {
    held: Arc<Held>,
    group: u64,
    units: usize,
}

impl Held {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let (hasher, taken, freed) = Default::default();
        Arc::new(Self { most, hasher, taken, freed })
    }

    /// By what a group is known here.
    pub(super) fn number(&self, group: impl Hash) -> u64 {
        self.hasher.hash_one(group)
    }

    /// Waits for so many units of the group's.
    pub(super) async fn part(self: &Arc<Self>, group: u64, units: usize) -> Part {
        let units = units.min(self.most);
        loop {
            // Listens before it looks, or what is freed in between would be missed.
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            if self.take(group, units) {
                return Part { held: Arc::clone(self), group, units };
            }
            freed.await;
        }
    }

    fn take(&self, group: u64, units: usize) -> bool {
        let mut taken = self.taken();
        let own = taken.groups.get(&group).copied().unwrap_or_default();
        let has_room = taken.all + units <= self.most;
        let of_group = (self.most + own).saturating_sub(taken.all) / PART;
        // What is larger than any part has all of it.
        let is_in_part = own + units.min(self.most / PART) <= of_group;
        let is_little = own + units <= LEAST && taken.all + units <= 2 * self.most;
        let takes = units == 0 || has_room && is_in_part || is_little;
        if takes {
            taken.all += units;
            *taken.groups.entry(group).or_default() += units;
        }
        takes
    }

    fn give_back(&self, group: u64, units: usize) {
        let mut taken = self.taken();
        taken.all -= units;
        if let Entry::Occupied(mut own) = taken.groups.entry(group) {
            *own.get_mut() -= units;
            if *own.get() == 0 {
                own.remove();
            }
        }
        drop(taken);
        self.freed.notify_waiters();
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What nobody holds, in units.
    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.most.saturating_sub(self.taken().all)
    }
}

impl Part {
    pub(super) fn units(&self) -> usize {
        self.units
    }

    /// Gives back what is more than so many units.
    pub(super) fn shrink(&mut self, units: usize) {
        if let Some(more) = self.units.checked_sub(units).filter(|more| *more > 0) {
            self.units = units;
            self.held.give_back(self.group, more);
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.held.give_back(self.group, self.units);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn part(held: &Arc<Held>, group: u64, units: usize) -> Option<Part> {
        held.part(group, units).now_or_never()
    }

    #[test]
    fn each_group_has_a_part_of_what_the_others_leave() {
        let held = Held::new(4_096);
        let mut all = vec![];
        let mut parts = vec![];
        for group in 0..20 {
            let begun = all.len();
            all.extend(std::iter::from_fn(|| part(&held, group, 8)));
            parts.push((all.len() - begun) * 8);
        }
        assert_eq!(parts[..4], [1_024, 768, 576, 432]);
        assert!(parts.iter().all(|part| *part >= LEAST), "{parts:?}");
        assert!(part(&held, 20, LEAST + 1).is_none() && part(&held, 20, LEAST).is_some());
        drop(all);
        assert_eq!((held.left(), held.taken().groups.len()), (4_096, 0));
    }

    #[test]
    fn who_needs_little_finds_it_until_twice_as_much_is_held() {
        let held = Held::new(100);
        let _large = part(&held, 0, usize::MAX).unwrap();
        assert_eq!(held.left(), 0);
        let small: Vec<_> = (1..99).map_while(|group| part(&held, group, 10)).collect();
        assert_eq!(small.len(), 10);
        assert!(part(&held, 99, 0).is_some(), "nothing needs none");
    }

    #[tokio::test]
    async fn who_waits_is_told_when_room_is_given_back_also_by_who_needs_less_of_it() {
        let held = Held::new(400);
        let mut large = part(&held, 0, 100).unwrap();
        let waiting = held.part(0, 50);
        let shrinks = async {
            tokio::task::yield_now().await;
            large.shrink(60);
            assert_eq!(held.left(), 340);
            tokio::task::yield_now().await;
            large.shrink(50);
        };
        let (second, ()) = tokio::join!(waiting, shrinks);
        assert_eq!((second.units(), large.units(), held.left()), (50, 50, 300));
        large.shrink(70);
        assert_eq!(large.units(), 50, "it does not grow");
    }
}
