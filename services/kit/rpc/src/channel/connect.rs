//! How a connection to an endpoint is opened: HTTP/2, over TLS where the peer has to prove who it is.
use std::io;

use futures_util::future::Either;
use hyper::client::conn::http2::Builder;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

use super::{endpoint::Endpoint, limits::Limits, link::Connection};

const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// A connection, and what has to be polled for as long as it lives.
pub(super) async fn connect(
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
