//! Who this process is: a folder of files that are looked at again and again, since certificates are renewed while it runs.
use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
    time::Duration,
};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use rustls::{ServerConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::credentials::{Credentials, Files};
use crate::metrics;
use kit_base::work;

/// The pause between two looks at the files. What is new is taken when two looks have found the same: files that are replaced
/// one by one, or while they are read, are not taken for a broken set.
const LOOK: Duration = Duration::from_secs(1);

/// How much of what a server says first is held: a part of its SETTINGS. What follows goes past this buffer.
const GREETING: usize = 64;

/// What a look at the files found; the text of the error tells one fault from another.
type Look = Result<Files, String>;

/// Who this process is to its peers, and which authority it believes about them.
pub struct Identity {
    folder: PathBuf,
    current: ArcSwap<Credentials>,
}

impl Identity {
    /// The identity in `folder`, one for all who ask for that folder; none when it is empty. Must be called within a Tokio
    /// runtime, where the files are then followed for as long as the identity is in use.
    ///
    /// # Errors
    /// When one of `tls.crt`, `tls.key` and `ca.crt` is missing, or they are of no use.
    pub fn in_folder(folder: &str) -> anyhow::Result<Option<Arc<Self>>> {
        static OPEN: LazyLock<Mutex<BTreeMap<PathBuf, Weak<Identity>>>> =
            LazyLock::new(Mutex::default);
        if folder.is_empty() {
            return Ok(None);
        }
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = open.get(Path::new(folder)).and_then(Weak::upgrade) {
            return Ok(Some(identity));
        }
        let identity = Self::open(Path::new(folder)).context("TLS_DIR cannot be used")?;
        open.insert(folder.into(), Arc::downgrade(&identity));
        Ok(Some(identity))
    }

    fn open(folder: &Path) -> anyhow::Result<Arc<Self>> {
        let files = Files::read(folder)?;
        let credentials = Credentials::new(&files)?;
        metrics::tls_certificate(credentials.validity.not_before, credentials.validity.not_after);
        let current = ArcSwap::from_pointee(credentials);
        let identity = Arc::new(Self { folder: folder.to_owned(), current });
        drop(work::detach(follow(Arc::downgrade(&identity), Ok(files))));
        Ok(identity)
    }

    pub(super) fn server(&self) -> Arc<ServerConfig> {
        self.current.load().server.clone()
    }

    /// Makes a connection one to the peer called `name`, and waits until that has let this process in: with TLS 1.3 it
    /// judges a client after the client's own handshake is over, and a call that is sent before could be lost.
    pub(crate) async fn greet(
        &self,
        stream: TcpStream,
        name: ServerName<'static>,
    ) -> io::Result<BufReader<TlsStream<TcpStream>>> {
        let connector = TlsConnector::from(self.current.load().client.clone());
        let stream = connector.connect(name, stream).await?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(io::Error::other("the peer does not speak HTTP/2"));
        }
        let mut stream = BufReader::with_capacity(GREETING, stream);
        if stream.fill_buf().await?.is_empty() {
            let cause =
                "the peer hung up on this process's certificate; do its TLS_CLIENTS name it?";
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, cause));
        }
        Ok(stream)
    }

    /// Takes what was found if it is usable; else the present set stays.
    fn take_over(&self, found: &Look) {
        let judged = match found {
            Ok(files) => Credentials::new(files).map_err(|error| format!("{error:#}")),
            Err(error) => Err(error.clone()),
        };
        metrics::tls_reloaded(judged.is_ok());
        let folder = self.folder.display();
        match judged {
            Ok(credentials) => {
                let (begins, ends) =
                    (credentials.validity.not_before, credentials.validity.not_after);
                metrics::tls_certificate(begins, ends);
                self.current.store(Arc::new(credentials));
                tracing::info!(%folder, not_after = ends, "the TLS certificate was replaced");
            }
            Err(error) => {
                tracing::error!(%folder, error, "new TLS files are of no use: the present ones stay");
            }
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Looks at the files until nobody uses the identity any more.
async fn follow(identity: Weak<Identity>, mut judged: Look) {
    let mut before: Option<Look> = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(identity) = identity.upgrade() else { return };
        let folder = identity.folder.clone();
        let look = move || Files::read(&folder).map_err(|error| format!("{error:#}"));
        let Ok(found) = tokio::task::spawn_blocking(look).await else { return };
        if found == judged {
            before = None;
        } else if before.as_ref() == Some(&found) {
            identity.take_over(&found);
            (before, judged) = (None, found);
        } else {
            before = Some(found);
        }
    }
}
