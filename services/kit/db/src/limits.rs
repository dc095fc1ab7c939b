//! The figures of a database.
use std::time::Duration;

/// How long a query may take, part by part, and how many connections there are.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Names the pool in metrics.
    pub name: &'static str,
    /// Exclusive connections of this process.
    pub connections: usize,
    /// Connections for searches, beside those: whoever searches waits for no one else, and no one for them.
    pub searches: usize,
    /// For one of either to become free.
    pub wait: Duration,
    /// For a new one.
    pub create: Duration,
    /// For the check of one that rested.
    pub recycle: Duration,
    /// For a statement.
    pub statement: Duration,
    /// For a search.
    pub search: Duration,
    /// For a lock.
    pub lock: Duration,
    /// After which a connection is replaced, a tenth more or less.
    pub connection_lifetime: Duration,
}

impl Limits {
    /// The same for searches.
    pub(crate) fn for_searches(&self) -> Self {
        Self { connections: self.searches, statement: self.search, ..self.clone() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            name: "default",
            connections: 8,
            searches: 2,
            wait: Duration::from_millis(250),
            create: Duration::from_secs(2),
            recycle: Duration::from_millis(500),
            statement: Duration::from_millis(1500),
            search: Duration::from_millis(800),
            lock: Duration::from_millis(800),
            connection_lifetime: Duration::from_secs(1800),
        }
    }
}
