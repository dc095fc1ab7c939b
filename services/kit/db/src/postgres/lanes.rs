//! The connections that all readers share.
use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt as _;
use kit_base::{
    error::Absent,
    metrics::{before_scrape, dependency_up},
    switches,
};
use tokio::{sync::Notify, time::Instant};

use super::reach::Reach;
use crate::{
    Error,
    error::{DATABASE, innermost},
    metrics::{self, PoolState},
    tls,
};

/// Reads that are one statement share this many connections: pipelined there, they cost a third of what an exclusive one costs.
pub(crate) const LANES: usize = 2;
/// Reads under way on each of them.
pub(crate) const MOST_READS: usize = 512;

/// Between two tries to connect one of them.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Shared connections, kept open.
#[derive(Clone)]
pub(super) struct Lanes {
    all: Arc<[Lane; LANES]>,
    next: Arc<AtomicUsize>,
    reach: Arc<Reach>,
    metrics: metrics::Pool,
}

#[derive(Default)]
struct Lane {
    connection: ArcSwapOption<AsyncPgConnection>,
    changed: Notify,
}

impl Lanes {
    /// Opens the connections to the database called `name`, and keeps them open for as long as anyone holds this.
    pub(super) fn open(
        config: &tokio_postgres::Config,
        connector: &tls::Connector,
        reach: &Arc<Reach>,
        name: &str,
    ) -> Self {
        let (all, reach) = (<Arc<[Lane; LANES]>>::default(), Arc::clone(reach));
        let metrics = metrics::Pool::of_readers(name);
        for index in 0..LANES {
            let keeper = Keeper {
                lanes: Arc::downgrade(&all),
                index,
                reach: Arc::clone(&reach),
                metrics: metrics.clone(),
            };
            kit_base::work::detach(keeper.keep(config.clone(), connector.clone()));
        }
        observe(&all, metrics.clone(), name);
        Self { all, next: Arc::default(), reach, metrics }
    }

    /// A connection that many readers use at once; none where as many wait as may.
    pub(super) fn one(&self) -> Result<Arc<AsyncPgConnection>, Error> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let lane = |step: usize| self.all[(first + step) % LANES].connection.load_full();
        let mut up = (0..LANES).filter_map(lane).peekable();
        let is_up = up.peek().is_some();
        // Whoever reads holds it, and so do the lane itself and we.
        let free = up.find(|lane| Arc::strong_count(lane) <= 1 + MOST_READS);
        free.ok_or_else(|| {
            Error::Unavailable(Absent::new(if is_up {
                self.metrics.timed_out();
                anyhow::anyhow!("as many reads wait for each other as may")
            } else {
                anyhow::anyhow!("no read connection is up: {}", self.reach.in_words())
            }))
        })
    }

    /// What keeps connections away, as far as is known.
    pub(super) fn trouble(&self) -> Option<String> {
        self.reach.fault()
    }

    /// Waits until reads can be served, for a while.
    pub(super) async fn up(&self) -> Result<(), Error> {
        let up = self.all[0].changed.notified();
        if self.one().is_err() {
            _ = tokio::time::timeout(Duration::from_secs(2), up).await;
        }
        self.one().map(drop)
    }
}

/// Tells of them as of a pool: the first read on one uses it, those behind it wait.
fn observe(lanes: &Arc<[Lane; LANES]>, metrics: metrics::Pool, name: &str) {
    let (lanes, dependency) = (Arc::downgrade(lanes), format!("{name}-database"));
    let place = switches::Place::Dependency(DATABASE.to_owned());
    before_scrape(move || {
        let Some(lanes) = lanes.upgrade() else {
            metrics.stands(PoolState::default());
            return false;
        };
        let up = lanes.iter().filter_map(|lane| lane.connection.load_full());
        // The lane itself and we hold it, too.
        let reads: Vec<_> =
            up.map(|connection| Arc::strong_count(&connection).saturating_sub(2)).collect();
        let used = reads.iter().filter(|reads| **reads > 0).count();
        let pending = reads.iter().sum::<usize>() - used;
        metrics.stands(PoolState { used, idle: reads.len() - used, max: LANES, pending });
        dependency_up(&dependency, !reads.is_empty() && !switches::is_down(&place));
        true
    });
}

/// Who keeps one of them open.
struct Keeper {
    lanes: Weak<[Lane; LANES]>,
    index: usize,
    reach: Arc<Reach>,
    metrics: metrics::Pool,
}

impl Keeper {
    async fn keep(self, config: tokio_postgres::Config, connector: tls::Connector) {
        let mut pause = SHORTEST_PAUSE;
        while self.lanes.strong_count() > 0 {
            let (begun, dialing) = (Instant::now(), config.connect(connector.clone()));
            match tokio::time::timeout(Duration::from_secs(2), dialing).await {
                Ok(Ok((client, connection))) => {
                    let alive =
                        kit_base::work::detach(kit_base::work::gather(connection).map(drop));
                    let Ok(shared) = AsyncPgConnection::try_from(client).await else { continue };
                    let Some(lanes) = self.lanes.upgrade() else { return };
                    lanes[self.index].connection.store(Some(Arc::new(shared)));
                    lanes[self.index].changed.notify_waiters();
                    self.metrics.created(begun.elapsed());
                    self.reach.found();
                    pause = SHORTEST_PAUSE;
                    drop(lanes);
                    _ = alive.await;
                }
                Ok(Err(error)) => self.reach.missed(innermost(&error)),
                Err(_) => self.reach.missed("no answer in 2 s".to_owned()),
            }
            if let Some(lanes) = self.lanes.upgrade() {
                lanes[self.index].connection.store(None);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
