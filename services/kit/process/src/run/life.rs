use std::{
    future::Future,
    io,
    net::TcpListener,
    process::ExitCode,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::{
    runtime::{self, Handle},
    signal::unix::{SignalKind, signal},
};

use super::{Chassis, files};
use crate::admission::Admission;
use crate::{
    admin::{self, Health},
    metrics, serve,
    service::Service,
    telemetry::{self, Running},
    waiting::{self, InVain},
};
use kit_base::Stop;
use kit_base::{clock::Clock, work};

/// A process that was told to stop is gone after this, whatever hangs.
const LONGEST_STOP: Duration = Duration::from_secs(29);

/// What the last spans get to reach their collector.
const FLUSH: Duration = Duration::from_millis(2500);

/// Serves what `build` gives until the process is told to stop, and ends it. `beside` runs as long.
pub(super) fn start<F>(
    name: &'static str,
    port: u16,
    chassis: &Chassis,
    build: impl FnOnce(Clock) -> F,
    beside: impl Future<Output = ()> + Send + 'static,
) -> ExitCode
where
    F: Future<Output = anyhow::Result<Service>>,
{
    let begun = Instant::now();
    let telemetry = match telemetry::start(name, &chassis.telemetry) {
        Ok(telemetry) => telemetry,
        Err(error) => return failed(name, &error),
    };
    if let Err(error) = files::take_all() {
        tracing::warn!(%error, "no more files may be open than whoever started this process has set");
    }
    let runtime = match runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(name, &error.into()),
    };
    let outcome = runtime.block_on(async {
        drop(work::detach(beside));
        live(name, port, chassis, build, begun).await
    });
    let code = match &outcome {
        Ok(()) => 0,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the process cannot go on");
            if error.is::<InVain>() { waiting::EXIT_CODE } else { 1 }
        }
    };
    end(telemetry, code)
}

async fn live<F>(
    name: &'static str,
    port: u16,
    chassis: &Chassis,
    build: impl FnOnce(Clock) -> F,
    begun: Instant,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<Service>>,
{
    metrics::begin(name, &chassis.telemetry.errand_revision);
    let health = Health::new();
    let stop = stop_on_signal()?;
    let (address, admin_address) = (chassis.listen.address(port), chassis.listen.admin_listen);
    let admin = TcpListener::bind(admin_address)
        .with_context(|| format!("cannot listen on ADMIN_LISTEN {admin_address}"))?;
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    tracing::info!(address = %listener.local_addr()?, admin = %admin.local_addr()?, "listening");
    admin::start(name, admin, health.clone(), chassis.entry.clone(), Handle::current())?;
    let beating = health.clone();
    drop(work::detach(async move { beating.beat().await }));
    let guard = chassis.admission.as_ref().map_or(Ok(None), Admission::guard)?;
    let service = build(Clock::system()).await.context("the service could not be assembled")?;
    let service = match guard {
        Some(guard) => service.guarded_by(guard),
        None => service,
    };
    let readiness = health.clone();
    drop(work::detach(async move {
        if readiness.until_ready().await {
            tracing::info!(
                milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
                "ready"
            );
        }
    }));
    serve::observed(service, listener, &chassis.limits, stop, &health).await
}

/// Stops at the first SIGTERM or SIGINT; more of them change nothing.
fn stop_on_signal() -> anyhow::Result<Stop> {
    let (stop, signal) = (Stop::new(), stop_signal()?);
    let told = stop.clone();
    drop(work::detach(async move {
        signal.await;
        tracing::info!("told to stop: draining");
        end_in_any_case();
        told.cancel();
    }));
    Ok(stop)
}

/// Ends at the first SIGTERM or SIGINT from now on; neither ends the process any more.
///
/// # Errors
/// When the system gives no signals.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A thread that no runtime can hold up.
fn end_in_any_case() {
    let guard = thread::Builder::new().name("last-resort".to_owned());
    let started = guard.spawn(|| {
        let (_never, wait) = mpsc::channel::<()>();
        _ = wait.recv_timeout(LONGEST_STOP);
        exit(0)
    });
    if let Err(error) = started {
        tracing::warn!(%error, "the drain goes without a last resort");
    }
}

fn end(telemetry: Running, code: u8) -> ExitCode {
    tracing::info!("stopped");
    telemetry.flush(FLUSH);
    // A runtime that is dropped waits for blocking work, for ever if need be.
    exit(code.into())
}

#[expect(clippy::disallowed_methods, reason = "the one place that ends the process")]
fn exit(code: i32) -> ! {
    std::process::exit(code)
}

fn failed(name: &str, error: &anyhow::Error) -> ExitCode {
    _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{name}: {error:#}\n"));
    ExitCode::FAILURE
}
