use std::{path::Path, time::Duration};

use anyhow::Context as _;
use deadpool::managed;
use diesel::{SqliteConnection, result::Error as DieselError};
use diesel_async::{
    AsyncConnection as _, SimpleAsyncConnection as _,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod},
    sync_connection_wrapper::SyncConnectionWrapper,
};
use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::{Error, Limits, error::LOCKED};
use crate::{
    metrics,
    pool::{Pool, Pooled},
};

/// A connection to the file.
pub type Lite = SyncConnectionWrapper<SqliteConnection>;
type Manager = AsyncDieselConnectionManager<Lite>;

const READERS: usize = 4;

/// One writer, since SQLite has one anyway and queueing here is fair, and a few readers beside it.
#[derive(Clone)]
pub struct Sqlite {
    pub(super) writer: Pool<Manager>,
    pub(super) readers: Pool<Manager>,
    pub(super) searches: Pool<Manager>,
}

impl Sqlite {
    /// Makes the file and its folder when they are missing.
    pub(super) fn open(path: &str, limits: &Limits) -> anyhow::Result<Self> {
        if let Some(folder) = Path::new(path).parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("the folder of {path}"))?;
        }
        private(path).with_context(|| format!("the file {path}"))?;
        let writer = pool(path, 1, metrics::Pool::of_writers(limits.name), limits)?;
        let readers = pool(path, READERS, metrics::Pool::of_readers(limits.name), limits)?;
        let searched = metrics::Pool::of_searches(limits.name);
        let searches = pool(path, limits.searches, searched, limits)?;
        Ok(Self { writer, readers, searches })
    }

    /// Waits until reads can be served.
    pub(super) async fn up(&self) -> Result<(), Error> {
        drop(self.readers.get().await?);
        _ = tokio::join!(self.writer.get(), self.searches.get());
        Ok(())
    }

    /// A connection for one read.
    pub async fn reader(&self) -> Result<Pooled<Lite>, Error> {
        self.readers.get().await
    }
}

/// Makes a file that is missing readable for its owner alone; what SQLite puts beside it follows suit.
fn private(path: &str) -> std::io::Result<()> {
    let mut new = std::fs::OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    match new.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn pool(
    path: &str,
    size: usize,
    metrics: metrics::Pool,
    limits: &Limits,
) -> anyhow::Result<Pool<Manager>> {
    let mut manager = ManagerConfig::default();
    manager.recycling_method = RecyclingMethod::Fast;
    let (wait, opened) = (limits.lock, metrics.clone());
    manager.custom_setup = Box::new(move |path| {
        let opened = opened.clone();
        async move {
            let begun = Instant::now();
            let mut connection = Lite::establish(path).await?;
            let set = settle(&mut connection, wait).await;
            set.map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            opened.created(begun.elapsed());
            Ok(connection)
        }
        .boxed()
    });
    let connections = managed::Pool::<Manager>::builder(Manager::new_with_config(path, manager))
        .max_size(size)
        .runtime(deadpool::Runtime::Tokio1)
        // Writers queue here instead of in the server's pool, so they may wait as long as they could for a lock.
        .wait_timeout(Some(limits.wait + limits.lock))
        .create_timeout(Some(limits.create))
        .recycle_timeout(Some(limits.recycle))
        .build()?;
    Ok(Pool::new(connections, metrics, path.into()))
}

/// Sets a new connection up. FULL: what was acknowledged is on disk.
async fn settle(connection: &mut Lite, wait: Duration) -> diesel::QueryResult<()> {
    let settings = format!(
        "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
        wait.as_millis()
    );
    connection.batch_execute(&settings).await?;
    let until = Instant::now() + wait;
    // SQLite waits for no one here: of two who switch a new file to the write-ahead log at once, one is refused.
    while let Err(refusal) = connection.batch_execute("PRAGMA journal_mode = WAL").await {
        let is_locked =
            matches!(&refusal, DieselError::DatabaseError(_, told) if told.message() == LOCKED);
        if Instant::now() >= until || !is_locked {
            return Err(refusal);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
