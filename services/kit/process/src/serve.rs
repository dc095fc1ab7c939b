//! The server loop, one for REST and gRPC: bounded, clocked, and emptied without a lost request.
mod activity;
mod connection;
mod handler;
mod heads;
mod limits;
mod offers;
mod places;
mod refusals;
mod reply;
mod rest;
mod shared;
mod turning;
mod unfinished;
mod watched;
mod whole;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{places::Places, shared::Shared, unfinished::Unfinished};
use crate::{
    admin::Health,
    metrics,
    protocol::Protocol,
    service::{Job, Service},
    waiting::{self, Check},
};
use kit_base::Stop;

pub use self::handler::Reset;
pub use self::limits::{Limits, MOST_HEADERS};
pub use self::whole::whole;
pub use crate::{peer::PeerAddress, unread::Unread};

/// Serves on a bound listener until `stop`, then drains; returns when nothing is under way any more, at the latest after
/// `drain_delay` and `drain_timeout`.
///
/// # Errors
/// When what the service depends on was not there within `startup_timeout`; connections fail one by one.
pub async fn serve(
    service: Service,
    listener: TcpListener,
    limits: &Limits,
    stop: Stop,
) -> anyhow::Result<()> {
    observed(service, listener, limits, stop, &Health::new()).await
}

/// As `serve`, for a process whose admin port tells how it goes.
pub(crate) async fn observed(
    service: Service,
    listener: TcpListener,
    limits: &Limits,
    stop: Stop,
    health: &Arc<Health>,
) -> anyhow::Result<()> {
    let (end_jobs, running) = (Stop::new(), TaskTracker::new());
    let (shared, checks, jobs) = shared(service, limits);
    for job in jobs {
        running.spawn(job(end_jobs.clone()));
    }
    let longest = limits.startup_timeout.duration();
    let in_vain = waiting::in_vain(checks, Arc::clone(health), longest);
    let told = async {
        stop.cancelled().await;
        // Balancers learn of it only now: whoever still comes is served, and told not to come again.
        health.drain();
        shared.draining.store(true, Ordering::Relaxed);
        tokio::time::sleep(limits.drain_delay.duration()).await;
    };
    let outcome = tokio::select! {
        never = accept(listener, &shared, &running) => match never {},
        () = told => Ok(()),
        in_vain = in_vain => Err(in_vain.into()),
    };
    shared.goaway.cancel();
    end_jobs.cancel();
    let left = finish(&running, limits.drain_timeout.duration()).await;
    if left > 0 {
        tracing::warn!(left, "time is up: what is still under way is cut off");
    }
    shared.cut.cancel();
    outcome
}

/// What the connections share, and what goes on beside them.
fn shared(service: Service, limits: &Limits) -> (Arc<Shared>, Vec<Check>, Vec<Job>) {
    let Service { name: _, router, channel: _, protocol, guard, refuse, turn_away, checks, jobs } =
        service;
    let shared = Shared {
        router,
        guard,
        refuse,
        turn_away,
        protocol,
        builder: connection::builder(protocol, limits),
        limits: limits.clone(),
        unfinished: Unfinished::new(),
        draining: AtomicBool::new(false),
        goaway: CancellationToken::new(),
        cut: CancellationToken::new(),
    };
    (Arc::new(shared), checks, jobs)
}

/// Waits for connections, jobs and spawned work; gives how many of the former are left when time is up.
async fn finish(running: &TaskTracker, limit: Duration) -> usize {
    let end = Instant::now() + limit;
    running.close();
    _ = tokio::time::timeout_at(end, running.wait()).await;
    kit_base::work::drained(end.saturating_duration_since(Instant::now())).await;
    running.len()
}

/// Accepts for ever.
async fn accept(
    listener: TcpListener,
    shared: &Arc<Shared>,
    running: &TaskTracker,
) -> std::convert::Infallible {
    if let Err(error) = tune(&listener) {
        tracing::debug!(%error, "connections go without TCP keepalive, or without a bound on what is unsent");
    }
    let places = Places::new(&shared.limits);
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                refused(&error).await;
                continue;
            }
        };
        match places.admit(address.ip()) {
            Ok(place) => {
                let (shared, stream) = (Arc::clone(shared), without_delay(stream));
                let protocol = shared.protocol;
                running.spawn(async move {
                    let conversation = connection::converse(stream, address, shared);
                    match protocol {
                        Protocol::Grpc => kit_base::work::gather(conversation).await,
                        Protocol::Http => conversation.await,
                    }
                    drop(place);
                });
            }
            Err(reason) => metrics::load_shed(reason),
        }
    }
}

/// A client that gave up is nothing; without file descriptors the loop would spin.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    ) {
        tracing::error!(%error, "no connection could be accepted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn without_delay(stream: TcpStream) -> TcpStream {
    // It fails only when the client has left already.
    _ = stream.set_nodelay(true);
    stream
}

/// What the kernel takes of a connection that it cannot send yet, in bytes: what a client does not read waits with us, who count it.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 64 * 1024;

/// Finds dead peers, and keeps the kernel from holding what they do not read. Accepted connections inherit it, which saves six system
/// calls each.
fn tune(listener: &TcpListener) -> io::Result<()> {
    let socket = SockRef::from(listener);
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10));
    socket.set_tcp_keepalive(&keepalive.with_retries(3))?;
    #[cfg(target_os = "linux")]
    {
        socket.set_tcp_user_timeout(Some(Duration::from_secs(20)))?;
        // Last: a sandbox may not know it.
        socket.set_tcp_notsent_lowat(UNSENT)?;
    }
    Ok(())
}
