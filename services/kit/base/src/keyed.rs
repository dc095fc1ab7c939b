//! A value for every key, in bounded memory.
use std::hash::{BuildHasher as _, Hash, RandomState};

/// A bounded number of values, of which each key has one by its hash. Keys that share one are few, and chance decides which.
#[derive(Debug)]
pub struct Keyed<T> {
    values: Box<[T]>,
    hasher: RandomState,
}

impl<T> Keyed<T> {
    /// So many values; not none.
    pub fn new(count: usize, value: impl FnMut() -> T) -> Self {
        let values = std::iter::repeat_with(value).take(count).collect();
        Self { values, hasher: RandomState::new() }
    }

    /// That of `key`.
    pub fn value(&self, key: impl Hash) -> &T {
        self.value_at(self.place(key))
    }

    /// Where that of `key` is: who needs it again is spared the hash.
    pub fn place(&self, key: impl Hash) -> usize {
        let place = self.hasher.hash_one(key) % self.values.len() as u64;
        usize::try_from(place).unwrap_or_default()
    }

    /// The value at a [place](Self::place).
    pub fn value_at(&self, place: usize) -> &T {
        &self.values[place]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.values.iter()
    }
}
