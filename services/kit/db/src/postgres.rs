mod reach;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use arc_swap::ArcSwapOption;
use deadpool::managed::{self, Hook, HookError, Metrics, QueueMode};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{
    AsyncPgConnection, SimpleAsyncConnection as _,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, PoolError, RecyclingMethod},
};
use futures_util::FutureExt as _;
use kit_base::{error::Absent, metrics::before_scrape};
use tokio::{sync::Notify, time::Instant};
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

use self::reach::Reach;
use super::{Error, Limits, error::innermost, tls};
use crate::{
    metrics::{self, PoolState},
    pool::Pool,
};

/// Reads that are one statement share this many connections: pipelined there, they cost a third of what an exclusive one costs.
pub(crate) const LANES: usize = 2;
/// Reads under way on each of them.
pub(crate) const MOST_READS: usize = 512;

/// Between two tries to connect one of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

type Manager = AsyncDieselConnectionManager<AsyncPgConnection>;

/// A pool for transactions and a few shared connections for reads.
#[derive(Clone)]
pub struct Postgres {
    pub(super) writers: Pool<Manager>,
    pub(super) searches: Pool<Manager>,
    lanes: Arc<[Lane; LANES]>,
    next: Arc<AtomicUsize>,
    reach: Arc<Reach>,
}

#[derive(Default)]
struct Lane {
    connection: ArcSwapOption<AsyncPgConnection>,
    changed: Notify,
}

impl Postgres {
    /// Connects lazily: a database that is not there yet is no error.
    pub(super) fn open(url: &str, limits: &Limits) -> anyhow::Result<Self> {
        let (config, connector) = configure(url, limits)?;
        if tls::is_open_by_default(url, config.get_hosts()) {
            tracing::warn!(
                "the database is spoken to in plain text over the network: add `sslmode=verify-full` to its URL, \
                 or `sslmode=disable` where that is meant"
            );
        }
        let lanes: Arc<[Lane; LANES]> = Arc::default();
        let reading = for_pages(config.clone());
        let reach = Arc::new(Reach::new(&config));
        for index in 0..LANES {
            kit_base::work::detach(keep_lane(
                Arc::downgrade(&lanes),
                index,
                reading.clone(),
                connector.clone(),
                reach.clone(),
            ));
        }
        count_reads(&lanes, limits.name);
        let (searching, server) = (limits.for_searches(), reach.server());
        let (searched, _) = configure(url, &searching)?;
        let (writers, searches) =
            (metrics::Pool::of_writers(limits.name), metrics::Pool::of_searches(limits.name));
        let searches =
            pool((for_pages(searched), connector.clone()), (searches, server), &searching)?;
        let writers = pool((config, connector), (writers, server), limits)?;
        Ok(Self { writers, searches, lanes, next: Arc::default(), reach })
    }

    /// A connection that many readers use at once; none where as many wait as may.
    pub fn lane(&self) -> Result<Arc<AsyncPgConnection>, Error> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let lane = |step: usize| self.lanes[(first + step) % LANES].connection.load_full();
        let mut up = (0..LANES).filter_map(lane).peekable();
        let is_up = up.peek().is_some();
        // Whoever reads holds it, and so do the lane itself and we.
        let free = up.find(|lane| Arc::strong_count(lane) <= 1 + MOST_READS);
        free.ok_or_else(|| {
            Error::Unavailable(Absent::new(if is_up {
                anyhow::anyhow!("as many reads wait for each other as may")
            } else {
                anyhow::anyhow!("no read connection is up: {}", self.reach.told())
            }))
        })
    }

    /// What keeps connections away, as far as is known.
    pub(super) fn trouble(&self) -> Option<String> {
        self.reach.fault()
    }

    /// Waits until reads can be served.
    pub(super) async fn up(&self) -> Result<(), Error> {
        let up = self.lanes[0].changed.notified();
        if self.lane().is_err() {
            _ = tokio::time::timeout(Duration::from_secs(2), up).await;
        }
        self.lane().map(drop)
    }
}

fn pool(
    (config, connector): (tokio_postgres::Config, tls::Connector),
    (metrics, server): (metrics::Pool, &str),
    limits: &Limits,
) -> anyhow::Result<Pool<Manager>> {
    let mut manager = ManagerConfig::default();
    // The default asks `SELECT 1` at every checkout, which doubles the cost of a write.
    manager.recycling_method = RecyclingMethod::Fast;
    let opened = metrics.clone();
    manager.custom_setup = Box::new(move |_| {
        let (config, connector, opened) = (config.clone(), connector.clone(), opened.clone());
        async move {
            let begun = Instant::now();
            let (client, connection) = dial(&config, &connector).await?;
            let connection =
                AsyncPgConnection::try_from_client_and_connection(client, connection).await?;
            opened.created(begun.elapsed());
            Ok(connection)
        }
        .boxed()
    });
    let manager = Manager::new_with_config("", manager);
    let lifetime = limits.connection_lifetime;
    let fresh = Hook::async_fn(move |connection: &mut AsyncPgConnection, metrics| {
        is_fresh(connection, metrics, lifetime).boxed()
    });
    let connections = managed::Pool::<Manager>::builder(manager)
        .max_size(limits.connections)
        .queue_mode(QueueMode::Lifo)
        .runtime(deadpool::Runtime::Tokio1)
        .wait_timeout(Some(limits.wait))
        .create_timeout(Some(limits.create))
        .recycle_timeout(Some(limits.recycle))
        .pre_recycle(fresh)
        .build()?;
    Ok(Pool::new(connections, metrics, server.into()))
}

/// The connections that readers share, as a pool: the first read on one uses it, those behind it wait.
fn count_reads(lanes: &Arc<[Lane; LANES]>, name: &str) {
    let (lanes, metrics) = (Arc::downgrade(lanes), metrics::Pool::of_readers(name));
    before_scrape(move || {
        let up = lanes.upgrade().map(|lanes| {
            let up = lanes.iter().filter_map(|lane| lane.connection.load_full());
            // The lane itself and we hold it, too.
            up.map(|connection| Arc::strong_count(&connection).saturating_sub(2))
                .collect::<Vec<_>>()
        });
        let reads = up.as_deref().unwrap_or_default();
        let used = reads.iter().filter(|reads| **reads > 0).count();
        metrics.stands(PoolState {
            used,
            idle: reads.len() - used,
            max: if up.is_some() { LANES } else { 0 },
            pending: reads.iter().sum::<usize>() - used,
        });
        up.is_some()
    });
}

/// Refuses a connection that is old, or may be one to a database that takes no writes any more.
async fn is_fresh(
    connection: &mut AsyncPgConnection,
    metrics: &Metrics,
    lifetime: Duration,
) -> Result<(), HookError<PoolError>> {
    // A tenth either way, so that the pods' connections do not all end at once.
    let share = (std::ptr::from_ref(connection) as usize >> 6) % 200;
    if metrics.age() > lifetime.mul_f64(0.9 + share as f64 / 1000.0) {
        return Err(HookError::message("old enough"));
    }
    // One that rested may have been left on a demoted primary: it answers reads and fails every write.
    if metrics.last_used() > Duration::from_secs(10) {
        let primary = "DO $$ BEGIN IF pg_is_in_recovery() THEN RAISE 'read only'; END IF; END $$";
        let asked = connection.batch_execute(primary).await;
        asked.map_err(|error| HookError::message(error.to_string()))?;
    }
    Ok(())
}

/// Holds one shared connection open for as long as anyone holds the lanes.
async fn keep_lane(
    lanes: std::sync::Weak<[Lane; LANES]>,
    index: usize,
    config: tokio_postgres::Config,
    connector: tls::Connector,
    reach: Arc<Reach>,
) {
    let mut pause = Duration::from_millis(50);
    while lanes.strong_count() > 0 {
        let dialing = config.connect(connector.clone());
        match tokio::time::timeout(Duration::from_secs(2), dialing).await {
            Ok(Ok((client, connection))) => {
                let alive = kit_base::work::detach(kit_base::work::gather(connection).map(drop));
                let Ok(shared) = AsyncPgConnection::try_from(client).await else { continue };
                let Some(lanes) = lanes.upgrade() else { return };
                lanes[index].connection.store(Some(Arc::new(shared)));
                lanes[index].changed.notify_waiters();
                reach.found();
                pause = Duration::from_millis(50);
                drop(lanes);
                _ = alive.await;
            }
            Ok(Err(error)) => reach.missed(innermost(&error)),
            Err(_) => reach.missed("no answer in 2 s".to_owned()),
        }
        if let Some(lanes) = lanes.upgrade() {
            lanes[index].connection.store(None);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A page follows the index of its order. By a bitmap PostgreSQL would read and sort all that the page is cut from, which it does where
/// it takes a large scope for one of many small ones. Nor does one reader take several cores: they are there for the others.
fn for_pages(mut config: tokio_postgres::Config) -> tokio_postgres::Config {
    let options = config.get_options().unwrap_or_default();
    config.options(format!(
        "{options} -c enable_bitmapscan=off -c max_parallel_workers_per_gather=0"
    ));
    config
}

async fn dial(
    config: &tokio_postgres::Config,
    connector: &tls::Connector,
) -> ConnectionResult<tls::Dialed> {
    let dialed = config.connect(connector.clone()).await;
    // The pool's error has no source: what is not in its text is lost.
    dialed.map_err(|error| ConnectionError::BadConnection(innermost(&error)))
}

/// Whether a URL can be read.
pub(crate) fn is_url(url: &str) -> bool {
    tls::split(url).is_ok_and(|(url, _)| url.parse::<tokio_postgres::Config>().is_ok())
}

/// The connection's settings: what the URL says, and our clocks where it is silent.
fn configure(
    url: &str,
    limits: &Limits,
) -> anyhow::Result<(tokio_postgres::Config, tls::Connector)> {
    let (plain, tls) = tls::split(url)?;
    let mut config: tokio_postgres::Config =
        plain.parse().context("the database URL cannot be read")?;
    let milliseconds = |clock: Duration| clock.as_millis();
    // Idle in a transaction for less than others wait for a lock: a replica that falls silent holds up nobody's write.
    let options = format!(
        "{} -c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout=700 \
         -c client_connection_check_interval=100",
        config.get_options().unwrap_or_default(),
        milliseconds(limits.statement),
        milliseconds(limits.lock),
    );
    config
        .options(options.trim())
        .application_name("errand")
        .connect_timeout(limits.create)
        .tcp_user_timeout(Duration::from_secs(10))
        .keepalives_idle(Duration::from_secs(10))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
    Ok((config, tls::connector(tls.as_ref())?))
}

#[cfg(test)]
mod tests;
