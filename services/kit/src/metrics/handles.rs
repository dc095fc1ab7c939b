use std::collections::HashMap;

use prometheus::Histogram;

/// The histograms that one thread has used: a request finds its own without a lock and without building a label.
#[derive(Debug)]
pub(super) struct Handles<K>(HashMap<Box<str>, Vec<(K, Histogram)>>);

impl<K> Default for Handles<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: PartialEq> Handles<K> {
    /// The histogram for a route or method, which are few, and the rest of its labels; `find` looks it up the first time.
    pub(super) fn get(&mut self, name: &str, rest: K, find: impl FnOnce() -> Histogram) -> &Histogram {
        if !self.0.contains_key(name) {
            self.0.insert(name.into(), vec![]);
        }
        let variants = self.0.get_mut(name).expect("it was put there");
        let position = variants.iter().position(|(known, _)| *known == rest).unwrap_or_else(|| {
            variants.push((rest, find()));
            variants.len() - 1
        });
        &variants[position].1
    }
}
