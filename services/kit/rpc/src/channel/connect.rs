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

use super::{call::Length, endpoint::Endpoint, limits::Limits, link::Connection};

/// What may be under way on a connection, in bytes: of one call, and of all.
#[derive(Clone, Copy)]
struct Windows {
    stream: u32,
    connection: u32,
}

impl Windows {
    /// The answers of brief calls are taken as they come. Those of lasting ones wait for clients: together they fit, so that one that is not
    /// taken is in the way of no other.
    fn for_calls(length: Length, limits: &Limits) -> Self {
        match length {
            Length::Brief => Self { stream: 1 << 20, connection: 8 << 20 },
            Length::Lasting => {
                let (stream, calls) = (16 << 10, u32::try_from(limits.in_flight).unwrap_or(1));
                Self { stream, connection: stream.saturating_mul(calls) }
            }
        }
    }
}

/// A connection, and what has to be polled for as long as it lives.
pub(super) async fn connect(
    endpoint: &Endpoint,
    length: Length,
) -> io::Result<(Connection, impl Future<Output = hyper::Result<()>> + use<>)> {
    let limits = endpoint.limits();
    let windows = Windows::for_calls(length, limits);
    let stream = timeout(limits.connect, TcpStream::connect(endpoint.address)).await??;
    stream.set_nodelay(true)?;
    let Some((name, identity)) =
        endpoint.target.server.clone().zip(endpoint.peer.identity.as_ref())
    else {
        let (connection, life) = converse(stream, windows, limits).await?;
        return Ok((connection, Either::Left(life)));
    };
    // Boxed: connections without TLS need not have the room for it.
    let stream = timeout(limits.handshake, Box::pin(identity.greet(stream, name))).await??;
    let (connection, life) = converse(stream, windows, limits).await?;
    Ok((connection, Either::Right(life)))
}

/// Begins HTTP/2 on a stream.
async fn converse<S>(
    stream: S,
    windows: Windows,
    limits: &Limits,
) -> io::Result<(Connection, impl Future<Output = hyper::Result<()>> + use<S>)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(windows.stream)
        .initial_connection_window_size(windows.connection)
        .keep_alive_interval(limits.ping_after)
        .keep_alive_timeout(limits.ping_answer)
        .keep_alive_while_idle(true)
        // Callers may all go at once; their peer, who has not heard of it yet, breaks no rule by what it still sends.
        .max_concurrent_reset_streams(limits.in_flight * 16)
        .max_local_error_reset_streams(None)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)
}
