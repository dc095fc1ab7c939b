//! Metrics that several crates tell of.
use prometheus::IntCounter;

use super::{
    declared::{Counter, Declared, Gauge},
    metric::Layer,
};

static DEPENDENCIES: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_dependency_up",
    &["dependency"],
    "Whether what this process depends on can be reached: 1, or 0.",
);
static CACHES: Counter = Counter::new(
    Layer::Application,
    "errand_cache_requests_total",
    &["cache", "result"],
    "Times that something was looked for in memory, and found or not.",
);

/// The metrics that several crates tell of.
pub static CATALOGUE: &[&dyn Declared] = &[&DEPENDENCIES, &CACHES];

/// Tells whether what this process calls `dependency` can be reached.
pub fn dependency_up(dependency: &str, is_up: bool) {
    DEPENDENCIES.set(&[dependency], i64::from(is_up));
}

/// What is counted of a cache; hold on to it.
#[derive(Clone, Debug)]
pub struct CacheRequests {
    hits: IntCounter,
    misses: IntCounter,
}

impl CacheRequests {
    /// Of the cache `name`, from now on.
    pub fn named(name: &str) -> Self {
        Self { hits: CACHES.series(&[name, "hit"]), misses: CACHES.series(&[name, "miss"]) }
    }

    /// Counts what was found, or was not.
    pub fn count<T>(&self, found: Option<T>) -> Option<T> {
        if found.is_some() {
            self.hits.inc()
        } else {
            self.misses.inc()
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_counted_as_found_or_not() {
        let requests = CacheRequests::named("tested");
        assert_eq!(requests.count(Some(7)), Some(7));
        assert_eq!(requests.count(None::<i32>), None);
        assert_eq!(requests.count(None::<i32>), None);
        assert_eq!((requests.hits.get(), requests.misses.get()), (1, 2));
    }
}
