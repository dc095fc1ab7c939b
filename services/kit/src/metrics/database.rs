use std::{cell::RefCell, sync::LazyLock, time::Duration};

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::{catalogue, handles::Handles};

static OPERATION: LazyLock<HistogramVec> =
    LazyLock::new(|| catalogue::DATABASE_DURATION.register_histogram());
static CONNECTIONS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| catalogue::POOL_CONNECTIONS.register_gauge());
static MAX: LazyLock<IntGaugeVec> = LazyLock::new(|| catalogue::POOL_MAX.register_gauge());
static PENDING: LazyLock<IntGaugeVec> = LazyLock::new(|| catalogue::POOL_PENDING.register_gauge());
static TIMEOUTS: LazyLock<IntCounterVec> =
    LazyLock::new(|| catalogue::POOL_TIMEOUTS.register_counter());
static WAIT: LazyLock<HistogramVec> = LazyLock::new(|| catalogue::POOL_WAIT.register_histogram());
static CREATE: LazyLock<HistogramVec> =
    LazyLock::new(|| catalogue::POOL_CREATE.register_histogram());

/// Counts a database operation: `system` is `postgresql` or `sqlite`, `operation` our name of the query.
pub fn database_operation(
    system: &'static str,
    operation: &'static str,
    elapsed: Duration,
    succeeded: bool,
) {
    thread_local!(static HANDLES: RefCell<Handles<(&'static str, bool)>> = RefCell::default());
    HANDLES.with_borrow_mut(|handles| {
        let error = if succeeded { "" } else { "failed" };
        let find = || OPERATION.with_label_values(&[system, operation, error]);
        handles.get(operation, (system, succeeded), find).observe(elapsed.as_secs_f64());
    });
}

/// The metrics of one pool of connections; hold on to it.
#[derive(Clone, Debug)]
pub struct Pool {
    used: IntGauge,
    idle: IntGauge,
    max: IntGauge,
    pending: IntGauge,
    timeouts: IntCounter,
    wait: Histogram,
    create: Histogram,
}

/// How a pool stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolState {
    /// Connections at work.
    pub used: usize,
    /// Connections that wait for work.
    pub idle: usize,
    /// Connections that may be opened.
    pub max: usize,
    /// Requests that wait for a connection.
    pub pending: usize,
}

impl Pool {
    /// The metrics of the pool `name`.
    pub fn new(name: &str) -> Self {
        Self {
            used: CONNECTIONS.with_label_values(&[name, "used"]),
            idle: CONNECTIONS.with_label_values(&[name, "idle"]),
            max: MAX.with_label_values(&[name]),
            pending: PENDING.with_label_values(&[name]),
            timeouts: TIMEOUTS.with_label_values(&[name]),
            wait: WAIT.with_label_values(&[name]),
            create: CREATE.with_label_values(&[name]),
        }
    }

    /// Tells how the pool stands.
    pub fn stands(&self, PoolState { used, idle, max, pending }: PoolState) {
        let gauges =
            [(&self.used, used), (&self.idle, idle), (&self.max, max), (&self.pending, pending)];
        gauges
            .into_iter()
            .for_each(|(gauge, value)| gauge.set(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    /// Counts a wait for a connection that ended with one.
    pub fn waited(&self, elapsed: Duration) {
        self.wait.observe(elapsed.as_secs_f64());
    }

    /// Counts a wait for a connection that ended without one.
    pub fn timed_out(&self) {
        self.timeouts.inc();
    }

    /// Counts a connection that was opened.
    pub fn created(&self, elapsed: Duration) {
        self.create.observe(elapsed.as_secs_f64());
    }
}
