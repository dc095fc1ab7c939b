//! How many requests of each are worked on at once: of each user, of each address.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use kit_base::keyed::Keyed;

const COUNTS: usize = 4096;

/// How many requests each user or address has under way.
pub(crate) struct Places(Arc<Keyed<AtomicUsize>>);

/// A place of somebody's, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    at: usize,
    counts: Arc<Keyed<AtomicUsize>>,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Keyed::new(COUNTS, AtomicUsize::default)))
    }

    /// One more of somebody's, known by a number; none when there are so many.
    pub(crate) fn enter(&self, whose: u128, most: usize) -> Option<Place> {
        let place = Place { at: self.0.place(whose), counts: self.0.clone() };
        (place.count().fetch_add(1, Relaxed) < most).then_some(place)
    }

    /// All that are taken.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.0.iter().map(|count| count.load(Relaxed)).sum()
    }
}

impl Place {
    fn count(&self) -> &AtomicUsize {
        self.counts.value_at(self.at)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.count().fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_takes_its_share_and_leaves_the_rest_to_others() {
        let places = Places::new();
        let [one, others @ ..] = [1, 2, 3, 4];
        let taken = [(); 2].map(|()| places.enter(one, 2).unwrap());
        assert!(places.enter(one, 2).is_none());
        assert!(others.into_iter().any(|other| places.enter(other, 2).is_some()));
        drop(taken);
        assert!(places.enter(one, 2).is_some());
        assert_eq!(places.taken(), 0);
    }
}
