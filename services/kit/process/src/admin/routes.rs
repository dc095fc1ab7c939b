use std::{fmt::Write as _, sync::Arc};

use axum::{
    Extension, Router,
    extract::{RawQuery, State},
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::IntoResponse,
    routing::get,
};

use super::{
    accept,
    entry::Entry,
    grpc,
    health::{Health, Phase},
    switches, work,
};
use crate::{config::Switch, peer::PeerAddress, telemetry};

/// Everything that the admin port answers.
pub(super) fn router(name: &'static str, health: Arc<Health>, entry: Entry) -> Router {
    let grpc = grpc::routes(name, &health);
    let probes = Router::new()
        .route("/livez", get(live))
        .route("/healthz", get(live))
        .route("/readyz", get(ready))
        .route("/startupz", get(started))
        .with_state(health);
    let changes = match entry.switchboard {
        Switch::On => {
            let switches = get(switches::get).put(switches::put).delete(switches::delete);
            Router::new().route("/switches", switches).route("/work", get(work::get))
        }
        Switch::Off => Router::new(),
    };
    let changes = changes.route("/loglevel", get(log_level).put(set_log_level)).with_state(entry);
    let all =
        Router::new().route("/metrics", get(metrics)).merge(changes).merge(probes).merge(grpc);
    // In the place of gRPC's, which says 200 to everything.
    all.fallback(async || StatusCode::NOT_FOUND)
}

type Probe = (StatusCode, String);

/// Whether a restart would help: it would when the event loop is stuck, and for nothing that is elsewhere.
async fn live(State(health): State<Arc<Health>>) -> Probe {
    verdict(health.is_alive(), "the event loop is stuck", None)
}

/// Whether requests may come.
async fn ready(State(health): State<Arc<Health>>, RawQuery(query): RawQuery) -> Probe {
    let (ready, reason) = match health.phase() {
        Phase::Ready if kit_base::switches::unready() => (false, "switched off by an operator"),
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

/// In the format that whoever asks prefers: OpenMetrics has exemplars, the plain text is what everybody reads.
async fn metrics(headers: HeaderMap) -> impl IntoResponse {
    let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if accept::prefers_openmetrics(accept) {
        let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        ([(CONTENT_TYPE, media)], kit_base::metrics::openmetrics())
    } else {
        let media = "text/plain; version=0.0.4; charset=utf-8";
        ([(CONTENT_TYPE, media)], kit_base::metrics::text())
    }
}

/// The filter of the log, as `info,tasks=debug`.
async fn log_level() -> Probe {
    match telemetry::filter::current() {
        Some(filter) => (StatusCode::OK, format!("{filter}\n")),
        None => (StatusCode::NOT_FOUND, "this process keeps no log\n".to_owned()),
    }
}

/// Replaces the filter of the log until the next start.
async fn set_log_level(
    State(entry): State<Entry>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
    filter: String,
) -> Probe {
    if let Err((status, refusal)) = entry.permit(peer, &headers) {
        return (status, refusal.to_owned());
    }
    match telemetry::filter::replace(filter.trim()) {
        Ok(()) => log_level().await,
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::watch_runtime;

    /// What a probe is told.
    async fn told(health: &Arc<Health>, probe: &str) -> (u16, String) {
        let router = router("tested", health.clone(), Entry::default());
        let request = axum::extract::Request::get(probe).body(axum::body::Body::empty()).unwrap();
        let reply = tower::ServiceExt::oneshot(router, request).await.unwrap();
        let status = reply.status().as_u16();
        let body = axum::body::to_bytes(reply.into_body(), 64 * 1024).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_probe_is_told_what_is_waited_for() {
        let health = Health::new();
        health.expect(["database", "keys"].into_iter());
        health.failed("database", "connection refused".to_owned());
        let waiting = "waiting for what it depends on\n";
        let checks = "[-] database: connection refused\n[-] keys: no answer yet\n";
        assert_eq!(told(&health, "/readyz").await, (503, waiting.to_owned()));
        for probe in ["/readyz?verbose", "/readyz?verbose=1", "/startupz"] {
            assert_eq!(told(&health, probe).await, (503, format!("{waiting}{checks}")), "{probe}");
        }
        assert_eq!(
            told(&health, "/livez").await,
            (200, "ok\n".to_owned()),
            "a restart would not help"
        );
        health.passed("database");
        health.passed("keys");
        health.ready();
        assert_eq!(told(&health, "/readyz?verbose").await.1, "ok\n[+] database\n[+] keys\n");
        assert_eq!(told(&health, "/readyz").await, (200, "ok\n".to_owned()));
        health.drain();
        assert_eq!(told(&health, "/readyz").await, (503, "stopping\n".to_owned()));
        assert_eq!(told(&health, "/startupz").await.0, 200, "it has been there once");
        assert_eq!(told(&health, "/healthz").await.0, 200);
    }

    #[tokio::test]
    async fn only_this_machine_changes_anything() {
        for (peer, expected) in [
            ("10.88.0.7:4711", 403),
            ("[2001:db8::7]:4711", 403),
            ("[::ffff:10.88.0.7]:4711", 403),
            // No log is kept here.
            ("127.0.0.1:4711", 400),
            ("[::1]:4711", 400),
            ("[::ffff:127.0.0.1]:4711", 400),
        ] {
            let request = axum::extract::Request::put("/loglevel")
                .extension(PeerAddress(peer.parse().unwrap()))
                .body(axum::body::Body::from("trace"))
                .unwrap();
            let router = router("tested", Health::new(), Entry::default());
            let reply = tower::ServiceExt::oneshot(router, request).await.unwrap();
            assert_eq!(reply.status().as_u16(), expected, "{peer}");
        }
    }

    #[tokio::test]
    async fn the_metrics_come_in_the_format_that_is_asked_for() {
        let router = router("tested", Health::new(), Entry::default());
        let asked = axum::extract::Request::get("/metrics")
            .header(ACCEPT, "application/openmetrics-text; version=1.0.0")
            .body(axum::body::Body::empty())
            .unwrap();
        let reply = tower::ServiceExt::oneshot(router, asked).await.unwrap();
        let media = reply.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        assert!(media.starts_with("application/openmetrics-text; version=1.0.0"), "{media}");
        let body = axum::body::to_bytes(reply.into_body(), 1 << 20).await.unwrap();
        assert!(body.ends_with(b"# EOF\n"));
        assert!(!told(&Health::new(), "/metrics").await.1.contains("# EOF"));
    }

    #[tokio::test]
    async fn the_metrics_are_prometheus_text_with_those_of_the_runtime() {
        watch_runtime(tokio::runtime::Handle::current());
        let (status, text) = told(&Health::new(), "/metrics").await;
        assert_eq!(status, 200);
        for metric in ["workers", "alive_tasks", "worker_busy_seconds_total"] {
            assert!(text.contains(&format!("# TYPE errand_runtime_tokio_{metric} ")), "{metric}");
        }
        assert!(text.lines().any(|line| line == "errand_runtime_tokio_workers 1"), "{text}");
    }
}
