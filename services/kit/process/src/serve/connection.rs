//! The life of one connection: a first byte, requests, and an end that no request notices.
use std::{net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time,
};

use super::{
    activity::Activity,
    handler::Handler,
    limits::{LONGEST_HEAD, Limits, MOST_HEADERS},
    refusals::Refusals,
    shared::Shared,
    turning::Turning,
    watched::Watched,
};
use crate::{peer::PeerAddress, protocol::Protocol, unread::Unread};
use kit_base::chance;
use kit_rpc::tls::Guard;

/// What streams has an end of its own, half an hour away, which says when to come back; a connection that has retired waits for it so long.
const LONGEST_STREAM: Duration = Duration::from_secs(40 * 60);
/// Requests at once on a connection.
const MOST_STREAMS: u32 = 128;

/// Of how many heads that HTTP/2 refused by itself a connection's end tells; it ends the connection after so many that are malformed.
const MOST_UNREAD: usize = 100;

/// Hyper's part: what a client may send and how long it may be silent.
pub(super) fn builder(protocol: Protocol, limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .max_headers(MOST_HEADERS)
        .max_buf_size(LONGEST_HEAD as usize)
        // It is also the time between two requests; a head that dawdles is ended by `Activity`.
        .header_read_timeout(limits.idle_timeout.duration());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(LONGEST_HEAD)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(MOST_UNREAD)
        .keep_alive_interval(time::Duration::from_secs(20))
        .keep_alive_timeout(time::Duration::from_secs(10));
    match protocol {
        Protocol::Http => builder,
        Protocol::Grpc => {
            // Here a connection is not one client's: it is what a gateway sends for all of its own, who may go together.
            builder
                .http2()
                .max_pending_accept_reset_streams(16 * MOST_STREAMS as usize)
                .max_local_error_reset_streams(None);
            builder.http2_only()
        }
    }
}

/// Serves one client until it leaves, breaks a limit, or the server stops.
pub(super) async fn converse(stream: TcpStream, address: SocketAddr, shared: Arc<Shared>) {
    if !first_byte(&stream, &shared).await {
        return;
    }
    match &shared.guard {
        None => answer(stream, address, Arc::clone(&shared)).await,
        // Boxed: plain connections need not have the room for it.
        Some(guard) => Box::pin(guarded(guard, stream, address, &shared)).await,
    }
}

async fn guarded(guard: &Guard, stream: TcpStream, address: SocketAddr, shared: &Arc<Shared>) {
    let limit = shared.limits.first_byte_timeout.duration();
    let admitted = tokio::select! {
        admitted = guard.admit(stream, address, limit) => admitted,
        () = shared.goaway.cancelled() => None,
    };
    if let Some(stream) = admitted {
        answer(stream, address, Arc::clone(shared)).await;
    }
}

/// Answers the requests of a client that has been let in.
async fn answer<S>(stream: S, address: SocketAddr, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Activity::new();
    let (io, handler) = watched(stream, address, &shared, &activity);
    until_its_end(io, handler, &shared, &activity).await;
    if let Some(refuse) = &shared.refuse {
        let unread = activity.unread_heads().min(MOST_UNREAD);
        (0..unread).for_each(|_| drop(refuse(Unread::EndedByHttp2, address)));
    }
}

async fn until_its_end<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    io: TokioIo<Watched<S>>,
    handler: Handler,
    shared: &Shared,
    activity: &Arc<Activity>,
) {
    let limits = &shared.limits;
    let mut connection = std::pin::pin!(shared.builder.serve_connection(io, handler));
    let mut given_up = std::pin::pin!(given_up(shared, activity));
    let mut age = std::pin::pin!(time::sleep(chance::near(limits.max_connection_age.duration())));
    let mut told = std::pin::pin!(told_to_end(shared, activity));
    let (began, mut stopping, mut retired) = (time::Instant::now(), false, false);
    loop {
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            () = told.as_mut(), if !stopping => {
                stopping = true;
                activity.expect_no_more();
                connection.as_mut().graceful_shutdown();
            }
            // An idle HTTP/1 connection is ended by its next answer, as below.
            () = age.as_mut() => {
                let goes_on = activity.has_streams() && began.elapsed() < LONGEST_STREAM;
                if retired && !goes_on {
                    return;
                }
                if !retired && activity.is_http2() {
                    connection.as_mut().graceful_shutdown();
                }
                retired = true;
                activity.expect_no_more();
                age.as_mut().reset(time::Instant::now() + limits.connection_age_grace.duration());
            }
            () = given_up.as_mut() => return,
            // A client that has vanished never acknowledges the GOAWAY.
            () = activity.quiet(), if stopping => return,
        }
    }
}

/// Waits until a head is overdue, nothing is taken of what was answered, or there is no more time for anyone.
async fn given_up(shared: &Shared, activity: &Activity) {
    let limits = &shared.limits;
    tokio::select! {
        () = activity.overdue_head(limits.header_timeout.duration()) => {}
        () = activity.offers().untaken(limits.send_timeout.duration()) => {}
        () = shared.cut.cancelled() => {}
    }
}

/// The stream as hyper gets it, and what it calls; both tell `activity` how it goes.
fn watched<S>(
    stream: S,
    address: SocketAddr,
    shared: &Arc<Shared>,
    activity: &Arc<Activity>,
) -> (TokioIo<Watched<S>>, Handler) {
    let refusals = shared.refuse.clone().map(|refuse| Refusals::new(refuse, address));
    let turning = shared.turn_away.is_some().then(|| Turning::new(Arc::clone(shared), address));
    let unfinished = shared.unfinished.part(address.ip());
    let io = Watched::new(stream, Arc::clone(activity), refusals, turning, unfinished);
    let (shared, activity) = (Arc::clone(shared), Arc::clone(activity));
    (TokioIo::new(io), Handler { shared, activity, peer: PeerAddress(address) })
}

/// Hyper reads the protocol without a clock: a client that says nothing must not get that far.
async fn first_byte(stream: &TcpStream, shared: &Shared) -> bool {
    let (limit, mut byte) = (shared.limits.first_byte_timeout.duration(), [0]);
    tokio::select! {
        peeked = time::timeout(limit, stream.peek(&mut byte)) => matches!(peeked, Ok(Ok(1..))),
        () = shared.goaway.cancelled() => false,
    }
}

/// Waits until the server ends its connections. A request may be on its way to an idle HTTP/1 connection: only an answer can end that
/// without a loss, so that it gets more time for one.
async fn told_to_end(shared: &Shared, activity: &Activity) {
    shared.goaway.cancelled().await;
    if !activity.is_http2() {
        time::sleep(shared.limits.drain_delay.duration() * 2).await;
    }
}
