//! One place for a connection: opened when a call needs it, by the first for all who wait.
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures_util::future::Either;
use http_body_util::Full;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::timeout,
};

use super::{endpoint::Endpoint, limits::Limits};
use kit_base::{error::chain, work};

/// The sending side of an HTTP/2 connection.
pub(crate) type Connection = SendRequest<Full<Bytes>>;

const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

#[derive(Debug)]
enum State {
    Closed,
    Opening,
    Open(Connection),
}

/// A connection that may be there, and the number of streams on it.
#[derive(Debug)]
pub(crate) struct Link {
    state: watch::Sender<State>,
    streams: AtomicUsize,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self { state: watch::Sender::new(State::Closed), streams: AtomicUsize::new(0) }
    }

    pub(crate) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// Takes a place for a stream; false when `most` are taken.
    pub(crate) fn enter(&self, most: usize) -> bool {
        let entered = self.streams.fetch_add(1, Ordering::Relaxed) < most;
        if !entered {
            self.leave();
        }
        entered
    }

    /// Gives the place back.
    pub(crate) fn leave(&self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
    }

    /// The connection, opened if need be; none when that fails, which the endpoint has been told.
    pub(crate) async fn connection(
        self: &Arc<Self>,
        endpoint: &Arc<Endpoint>,
    ) -> Option<Connection> {
        if let State::Open(connection) = &*self.state.borrow()
            && !connection.is_closed()
        {
            return Some(connection.clone());
        }
        let mut changes = self.state.subscribe();
        let first = self.state.send_if_modified(|state| {
            let open = matches!(state, State::Open(connection) if !connection.is_closed());
            let first = !open && !matches!(state, State::Opening);
            if first {
                *state = State::Opening;
            }
            first
        });
        if first {
            // A task of its own: the others still get the connection when this caller gives up.
            work::detach(open(self.clone(), endpoint.clone()));
        }
        let settled = changes.wait_for(|state| !matches!(state, State::Opening)).await.ok()?;
        match &*settled {
            State::Open(connection) => Some(connection.clone()),
            State::Closed | State::Opening => None,
        }
    }

    /// Sends no more on the connection; what is under way goes on.
    pub(crate) fn close(&self) {
        self.state.send_if_modified(|state| {
            let open = matches!(state, State::Open(_));
            if open {
                *state = State::Closed;
            }
            open
        });
    }
}

/// Opens the connection and stays with it to its end.
async fn open(link: Arc<Link>, endpoint: Arc<Endpoint>) {
    match connect(&endpoint).await {
        Ok((connection, life)) => {
            link.state.send_replace(State::Open(connection));
            let endpoint = Arc::downgrade(&{ endpoint });
            drop(link);
            let lost = work::gather(life).await.is_err_and(|error| error.is_timeout());
            if let Some(endpoint) = endpoint.upgrade().filter(|_| lost) {
                endpoint.unreachable("a ping was not answered");
            }
        }
        Err(error) => {
            // Before the others wake up: they must not come back here.
            endpoint.unreachable(&chain(&error));
            link.state.send_replace(State::Closed);
        }
    }
}

async fn connect(
    endpoint: &Endpoint,
) -> io::Result<(Connection, impl Future<Output = hyper::Result<()>> + use<>)> {
    let limits = endpoint.limits();
    let stream = timeout(limits.connect, TcpStream::connect(endpoint.address)).await??;
    stream.set_nodelay(true)?;
    let Some((name, identity)) =
        endpoint.target.server.clone().zip(endpoint.peer.identity.as_ref())
    else {
        let (connection, life) = converse(stream, limits).await?;
        return Ok((connection, Either::Left(life)));
    };
    // Boxed: connections without TLS need not have the room for it.
    let stream = timeout(limits.handshake, Box::pin(identity.greet(stream, name))).await??;
    let (connection, life) = converse(stream, limits).await?;
    Ok((connection, Either::Right(life)))
}

/// Begins HTTP/2 on a stream.
async fn converse<S>(
    stream: S,
    limits: &Limits,
) -> io::Result<(Connection, impl Future<Output = hyper::Result<()>> + use<S>)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(limits.ping_after)
        .keep_alive_timeout(limits.ping_answer)
        .keep_alive_while_idle(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)
}
