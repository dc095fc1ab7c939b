use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use deadpool::managed::Object;
use diesel::SqliteConnection;
use diesel_async::{
    AsyncConnection as _, SimpleAsyncConnection as _,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool::Pool,
    },
    sync_connection_wrapper::SyncConnectionWrapper,
};
use futures_util::FutureExt as _;

use super::{Error, Limits};

/// A connection to the file.
pub type Lite = SyncConnectionWrapper<SqliteConnection>;

const READERS: usize = 4;

/// One writer, since SQLite has one anyway and queueing here is fair, and a few readers beside it.
#[derive(Clone)]
pub struct Sqlite {
    pub(super) writer: Pool<Lite>,
    pub(super) metrics: crate::metrics::Pool,
    readers: Pool<Lite>,
    searches: Pool<Lite>,
    file: Arc<str>,
}

impl Sqlite {
    /// Makes the file and its folder when they are missing.
    pub(super) fn open(path: &str, limits: &Limits) -> anyhow::Result<Self> {
        if let Some(folder) = Path::new(path).parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("the folder of {path}"))?;
        }
        private(path).with_context(|| format!("the file {path}"))?;
        let metrics = crate::metrics::Pool::new(limits.name);
        let (writer, readers) = (pool(path, 1, limits)?, pool(path, READERS, limits)?);
        let searches = pool(path, limits.searches, limits)?;
        Ok(Self { writer, metrics, readers, searches, file: path.into() })
    }

    /// A connection for one read.
    pub async fn reader(&self) -> Result<Object<AsyncDieselConnectionManager<Lite>>, Error> {
        self.readers.get().await.map_err(|error| Error::no_connection(&self.file, &error))
    }

    /// A connection for a search.
    pub(super) async fn searcher(
        &self,
    ) -> Result<Object<AsyncDieselConnectionManager<Lite>>, Error> {
        self.searches.get().await.map_err(|error| Error::no_connection(&self.file, &error))
    }

    /// The connection for writes.
    pub(super) async fn writer(&self) -> Result<Object<AsyncDieselConnectionManager<Lite>>, Error> {
        self.writer.get().await.map_err(|error| Error::no_connection(&self.file, &error))
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

fn pool(path: &str, size: usize, limits: &Limits) -> anyhow::Result<Pool<Lite>> {
    let mut manager = ManagerConfig::default();
    manager.recycling_method = RecyclingMethod::Fast;
    let wait = limits.lock.as_millis();
    manager.custom_setup = Box::new(move |path| {
        async move {
            let mut connection = Lite::establish(path).await?;
            // The wait first: switching to the write-ahead log needs a lock itself. FULL: what was acknowledged is on disk.
            let settings = format!(
                "PRAGMA busy_timeout = {wait}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"
            );
            connection.batch_execute(&settings).await.map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    });
    Ok(Pool::builder(AsyncDieselConnectionManager::<Lite>::new_with_config(path, manager))
        .max_size(size)
        .runtime(deadpool::Runtime::Tokio1)
        // Writers queue here instead of in the server's pool, so they may wait as long as they could for a lock.
        .wait_timeout(Some(limits.wait + limits.lock))
        .create_timeout(Some(limits.create))
        .recycle_timeout(Some(limits.recycle))
        .build()?)
}
