//! What a process counts and times at its database.
use std::{cell::RefCell, time::Duration};

use prometheus::{IntCounter, IntGauge};

use kit_base::{
    metrics::{Counter, Declared, Gauge, Handles, Histogram, Layer, Traced},
    request,
    steps::{Doing, Kind, Value},
};
use tokio::time::Instant;

/// Seconds that a query takes, or a wait for a connection.
pub const DATABASE_BUCKETS: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

static DATABASE_DURATION: Histogram = Histogram::with_buckets(
    Layer::Application,
    "db_client_operation_duration_seconds",
    &["db_system_name", "db_operation_name", "error_type"],
    "Time of a database operation.",
    DATABASE_BUCKETS,
);
static POOL_CONNECTIONS: Gauge = Gauge::new(
    Layer::Infrastructure,
    "db_client_connections",
    &["db_client_connection_pool_name", "db_client_connection_state"],
    "Database connections by state: used, idle.",
);
static POOL_MAX: Gauge = Gauge::new(
    Layer::Infrastructure,
    "db_client_connections_max",
    &["db_client_connection_pool_name"],
    "Database connections that a pool may open.",
);
static POOL_PENDING: Gauge = Gauge::new(
    Layer::Infrastructure,
    "db_client_connections_pending_requests",
    &["db_client_connection_pool_name"],
    "Requests that wait for a database connection.",
);
static POOL_TIMEOUTS: Counter = Counter::new(
    Layer::Infrastructure,
    "db_client_connection_timeouts_total",
    &["db_client_connection_pool_name"],
    "Requests that waited for a database connection in vain.",
);
static POOL_WAIT: Histogram = Histogram::with_buckets(
    Layer::Infrastructure,
    "db_client_connection_wait_time_seconds",
    &["db_client_connection_pool_name"],
    "Time that a request waited for a database connection.",
    POOL_BUCKETS,
);
static POOL_CREATE: Histogram = Histogram::with_buckets(
    Layer::Infrastructure,
    "db_client_connection_create_time_seconds",
    &["db_client_connection_pool_name"],
    "Time to open a database connection.",
    POOL_BUCKETS,
);

/// Of what happens around a connection: few, since there are several pools to a process.
const POOL_BUCKETS: &[f64] = &[0.001, 0.01, 0.1, 0.25, 1.0];

static POOL_USE: Histogram = Histogram::with_buckets(
    Layer::Infrastructure,
    "db_client_connection_use_time_seconds",
    &["db_client_connection_pool_name"],
    "Time that a database connection was used at a time, by one alone.",
    POOL_BUCKETS,
);

pub(crate) static HOUSEKEEPING_DELETED: Counter = Counter::new(
    Layer::Infrastructure,
    "errand_housekeeping_deleted_total",
    &["what"],
    "Rows, or acts in the trash, that were deleted because they were too old.",
);
pub(crate) static HOUSEKEEPING_FINISHED: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_housekeeping_last_success_timestamp_seconds",
    &["what"],
    "When nothing was left of a kind that was too old.",
);

pub(crate) static LEASE_HELD: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_lease_held",
    &["lease"],
    "Whether this replica does what one does for all.",
);

static MIGRATIONS_APPLIED: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_migrations_applied_info",
    &["schema", "version"],
    "The version of a schema that was found when the process became ready; the value is 1.",
);

/// Tells that `schema` was found at this version.
pub fn migrations_applied(schema: &str, version: i32) {
    MIGRATIONS_APPLIED.set(&[schema, &version.to_string()], 1);
}

/// The metrics of a process with a database.
pub static CATALOGUE: &[&dyn Declared] = &[
    &DATABASE_DURATION,
    &POOL_CONNECTIONS,
    &POOL_MAX,
    &POOL_PENDING,
    &POOL_TIMEOUTS,
    &POOL_WAIT,
    &POOL_CREATE,
    &POOL_USE,
    &HOUSEKEEPING_DELETED,
    &HOUSEKEEPING_FINISHED,
    &LEASE_HELD,
    &MIGRATIONS_APPLIED,
];

/// Does what is called `operation`, and counts and times it.
pub async fn measured<T, E>(
    system: &'static str,
    operation: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let (started, step) = (Instant::now(), begin(system, operation));
    let outcome = work.await;
    end(step, outcome.is_ok());
    database_operation(system, operation, started.elapsed(), outcome.is_ok());
    outcome
}

/// Counts a database operation: `system` is `postgresql` or `sqlite`, `operation` our name of the query.
pub(crate) fn database_operation(
    system: &'static str,
    operation: &'static str,
    elapsed: Duration,
    succeeded: bool,
) {
    thread_local!(static HANDLES: RefCell<Handles<(&'static str, bool), Traced>> = RefCell::default());
    let trace = request::with_current(|context| context.trace);
    HANDLES.with_borrow_mut(|handles| {
        let error = if succeeded { "" } else { "failed" };
        let find = || DATABASE_DURATION.traced(&[system, operation, error]);
        handles.get(operation, (system, succeeded), find).observe(elapsed.as_secs_f64(), trace);
    });
}

/// Begins an operation as a step of the current request.
pub(crate) fn begin(system: &'static str, operation: &'static str) -> Option<Doing> {
    let said = || (operation.into(), vec![("db.system.name", Value::Text(system.into()))]);
    request::begin(Kind::Client, said)
}

/// Ends what [`begin`] gave.
pub(crate) fn end(step: Option<Doing>, succeeded: bool) {
    if let Some(step) = step {
        step.end(!succeeded, vec![]);
    }
}

/// The metrics of one pool of connections; hold on to it.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    used: IntGauge,
    idle: IntGauge,
    max: IntGauge,
    pending: IntGauge,
    timeouts: IntCounter,
    wait: prometheus::Histogram,
    create: prometheus::Histogram,
    /// Counts how long a connection is used at a time.
    pub(crate) usage: prometheus::Histogram,
}

/// How a pool stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PoolState {
    /// Connections at work.
    pub(crate) used: usize,
    /// Connections that wait for work.
    pub(crate) idle: usize,
    /// Connections that may be opened.
    pub(crate) max: usize,
    /// Requests that wait for a connection.
    pub(crate) pending: usize,
}

impl Pool {
    /// Of the connections of the database `name` that are there for transactions.
    pub(crate) fn of_writers(name: &str) -> Self {
        Self::new(name)
    }

    /// Of those that are there for reads.
    pub(crate) fn of_readers(name: &str) -> Self {
        Self::new(&format!("{name}-reads"))
    }

    /// Of those that are there for searches.
    pub(crate) fn of_searches(name: &str) -> Self {
        Self::new(&format!("{name}-searches"))
    }

    fn new(name: &str) -> Self {
        Self {
            used: POOL_CONNECTIONS.series(&[name, "used"]),
            idle: POOL_CONNECTIONS.series(&[name, "idle"]),
            max: POOL_MAX.series(&[name]),
            pending: POOL_PENDING.series(&[name]),
            timeouts: POOL_TIMEOUTS.series(&[name]),
            wait: POOL_WAIT.series(&[name]),
            create: POOL_CREATE.series(&[name]),
            usage: POOL_USE.series(&[name]),
        }
    }

    /// Tells how the pool stands.
    pub(crate) fn stands(&self, PoolState { used, idle, max, pending }: PoolState) {
        let gauges =
            [(&self.used, used), (&self.idle, idle), (&self.max, max), (&self.pending, pending)];
        gauges
            .into_iter()
            .for_each(|(gauge, value)| gauge.set(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    /// Counts a wait for a connection that ended with one.
    pub(crate) fn waited(&self, elapsed: Duration) {
        self.wait.observe(elapsed.as_secs_f64());
    }

    /// Counts a wait for a connection that ended without one.
    pub(crate) fn timed_out(&self) {
        self.timeouts.inc();
    }

    /// Counts a connection that was opened.
    pub(crate) fn created(&self, elapsed: Duration) {
        self.create.observe(elapsed.as_secs_f64());
    }
}
