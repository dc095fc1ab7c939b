use std::{
    fmt::Write as _,
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use prometheus::{CounterVec, IntGaugeVec};
use tokio::runtime::Handle;

use super::{
    grpc,
    health::{Health, Phase},
};
use crate::{metrics::catalogue, telemetry};

/// Everything that the admin port answers.
pub(super) fn router(name: &'static str, health: Arc<Health>, requests: Handle) -> Router {
    let grpc = grpc::routes(name, &health);
    let probes = Router::new()
        .route("/livez", get(live))
        .route("/healthz", get(live))
        .route("/readyz", get(ready))
        .route("/startupz", get(started))
        .with_state(health);
    Router::new()
        .route("/metrics", get(metrics).with_state(requests))
        .route("/loglevel", get(log_level).put(set_log_level))
        .merge(probes)
        .merge(grpc)
}

type Probe = (StatusCode, String);

/// Whether a restart would help: it would when the event loop is stuck, and for nothing that is elsewhere.
async fn live(State(health): State<Arc<Health>>) -> Probe {
    verdict(health.is_alive(), "the event loop is stuck", None)
}

/// Whether requests may come.
async fn ready(State(health): State<Arc<Health>>, RawQuery(query): RawQuery) -> Probe {
    let (ready, reason) = match health.phase() {
        Phase::Starting => (false, "waiting for what it depends on"),
        Phase::Ready => (true, ""),
        Phase::Draining => (false, "stopping"),
    };
    let verbose = query.is_some_and(|query| query == "verbose" || query.starts_with("verbose="));
    verdict(ready, reason, verbose.then_some(&health))
}

/// Whether everything that it depends on has been there once.
async fn started(State(health): State<Arc<Health>>) -> Probe {
    verdict(health.phase() != Phase::Starting, "waiting for what it depends on", Some(&health))
}

fn verdict(good: bool, reason: &str, checks_of: Option<&Arc<Health>>) -> Probe {
    let (status, mut text) = if good {
        (StatusCode::OK, "ok\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n"))
    };
    for (name, outcome) in checks_of.map(|health| health.checks()).unwrap_or_default() {
        let written = match outcome {
            Ok(()) => writeln!(text, "[+] {name}"),
            Err(fault) => writeln!(text, "[-] {name}: {fault}"),
        };
        written.expect("a string takes any text");
    }
    (status, text)
}

async fn metrics(State(requests): State<Handle>) -> impl IntoResponse {
    static WORKERS: LazyLock<IntGaugeVec> =
        LazyLock::new(|| catalogue::RUNTIME_WORKERS.register_gauge());
    static TASKS: LazyLock<IntGaugeVec> =
        LazyLock::new(|| catalogue::RUNTIME_TASKS.register_gauge());
    static QUEUE: LazyLock<IntGaugeVec> =
        LazyLock::new(|| catalogue::RUNTIME_QUEUE.register_gauge());
    static BUSY: LazyLock<CounterVec> =
        LazyLock::new(|| catalogue::RUNTIME_BUSY.register_seconds());
    let runtime = requests.metrics();
    let workers = runtime.num_workers();
    let busy: Duration =
        (0..workers).map(|worker| runtime.worker_total_busy_duration(worker)).sum();
    let set = |gauge: &IntGaugeVec, value: Option<i64>| {
        gauge.with_label_values::<&str>(&[]).set(value.unwrap_or(i64::MAX));
    };
    set(&WORKERS, workers.try_into().ok());
    set(&TASKS, runtime.num_alive_tasks().try_into().ok());
    set(&QUEUE, runtime.global_queue_depth().try_into().ok());
    let counted = BUSY.with_label_values::<&str>(&[]);
    counted.inc_by((busy.as_secs_f64() - counted.get()).max(0.0));
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], kit_base::metrics::text())
}

/// The filter of the log, as `info,tasks=debug`.
async fn log_level() -> Probe {
    match telemetry::filter::current() {
        Some(filter) => (StatusCode::OK, format!("{filter}\n")),
        None => (StatusCode::NOT_FOUND, "this process keeps no log\n".to_owned()),
    }
}

/// Replaces the filter of the log until the next start.
async fn set_log_level(filter: String) -> Probe {
    match telemetry::filter::replace(filter.trim()) {
        Ok(()) => log_level().await,
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")),
    }
}
