//! The metrics of every process; a service adds its own list of `Metric`s.
use super::Metric;

/// Seconds; the OpenTelemetry bounds and, below them, what an efficient service needs. No SLO sits on a whole number, which
/// text and OpenMetrics spell differently.
pub const DURATION_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];

/// Seconds that a query takes, or a wait for a connection.
pub const DATABASE_BUCKETS: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// Bytes, in steps of four.
pub const SIZE_BUCKETS: &[f64] =
    &[1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];

pub(super) const HTTP_REQUEST_DURATION: Metric = Metric::histogram(
    "http_server_request_duration_seconds",
    &["http_request_method", "http_route", "http_response_status_code", "url_scheme", "error_type"],
    "Time to answer an HTTP request.",
    DURATION_BUCKETS,
);
pub(super) const HTTP_ACTIVE_REQUESTS: Metric = Metric::gauge(
    "http_server_active_requests",
    &["http_request_method", "url_scheme"],
    "HTTP requests that are being answered.",
);
pub(super) const HTTP_REQUEST_SIZE: Metric = Metric::histogram(
    "http_server_request_body_size_bytes",
    &["http_request_method", "http_route"],
    "Size of the bodies of HTTP requests.",
    SIZE_BUCKETS,
);
pub(super) const HTTP_RESPONSE_SIZE: Metric = Metric::histogram(
    "http_server_response_body_size_bytes",
    &["http_request_method", "http_route"],
    "Size of the bodies of HTTP answers.",
    SIZE_BUCKETS,
);
pub(super) const RPC_SERVER_DURATION: Metric = Metric::histogram(
    "rpc_server_call_duration_seconds",
    &["rpc_system_name", "rpc_method", "rpc_status_code", "error_type"],
    "Time to answer a gRPC call.",
    DURATION_BUCKETS,
);
pub(super) const RPC_CLIENT_DURATION: Metric = Metric::histogram(
    "rpc_client_call_duration_seconds",
    &["rpc_system_name", "rpc_method", "rpc_status_code", "error_type", "server_address"],
    "Time until a gRPC call to a peer was answered.",
    DURATION_BUCKETS,
);
pub(super) const CLIENT_ENDPOINTS: Metric = Metric::gauge(
    "errand_grpc_client_endpoints",
    &["target", "state"],
    "Replicas of a peer by state: ready, connecting, failed.",
);
pub(super) const CLIENT_RETRIES: Metric = Metric::counter(
    "errand_client_retries_total",
    &["target", "reason"],
    "Calls to a peer that were sent once more.",
);
pub(super) const LOAD_SHED: Metric = Metric::counter(
    "errand_load_shed_total",
    &["reason"],
    "Connections and requests that were refused to protect the others.",
);
pub(super) const TLS_RELOADS: Metric = Metric::counter(
    "errand_tls_reloads_total",
    &["result"],
    "New TLS files that were taken (success), or refused as a whole (failure).",
);
pub(super) const TLS_REFUSALS: Metric = Metric::counter(
    "errand_tls_refusals_total",
    &["reason"],
    "Connections that were not let in: name, certificate, client, protocol, time.",
);
pub(super) const TLS_NOT_BEFORE: Metric = Metric::gauge(
    "errand_tls_certificate_not_before_timestamp_seconds",
    &[],
    "When this process's certificate begins to be valid.",
);
pub(super) const TLS_NOT_AFTER: Metric = Metric::gauge(
    "errand_tls_certificate_not_after_timestamp_seconds",
    &[],
    "When this process's certificate ends to be valid.",
);
pub(super) const DATABASE_DURATION: Metric = Metric::histogram(
    "db_client_operation_duration_seconds",
    &["db_system_name", "db_operation_name", "error_type"],
    "Time of a database operation.",
    DATABASE_BUCKETS,
);
pub(super) const POOL_CONNECTIONS: Metric = Metric::gauge(
    "db_client_connections",
    &["db_client_connection_pool_name", "db_client_connection_state"],
    "Database connections by state: used, idle.",
);
pub(super) const POOL_MAX: Metric = Metric::gauge(
    "db_client_connections_max",
    &["db_client_connection_pool_name"],
    "Database connections that a pool may open.",
);
pub(super) const POOL_PENDING: Metric = Metric::gauge(
    "db_client_connections_pending_requests",
    &["db_client_connection_pool_name"],
    "Requests that wait for a database connection.",
);
pub(super) const POOL_TIMEOUTS: Metric = Metric::counter(
    "db_client_connection_timeouts_total",
    &["db_client_connection_pool_name"],
    "Requests that waited for a database connection in vain.",
);
pub(super) const POOL_WAIT: Metric = Metric::histogram(
    "db_client_connection_wait_time_seconds",
    &["db_client_connection_pool_name"],
    "Time that a request waited for a database connection.",
    DATABASE_BUCKETS,
);
pub(super) const POOL_CREATE: Metric = Metric::histogram(
    "db_client_connection_create_time_seconds",
    &["db_client_connection_pool_name"],
    "Time to open a database connection.",
    DATABASE_BUCKETS,
);
pub(crate) const LOG_RECORDS_DROPPED: Metric = Metric::counter(
    "errand_log_records_dropped_total",
    &[],
    "Log records that were given up because the output did not keep up.",
);
pub(crate) const SPANS_EXPORTED: Metric = Metric::counter(
    "errand_span_exports_total",
    &["result"],
    "Batches of spans that the collector took, or that were lost.",
);
pub(super) const BUILD_INFO: Metric = Metric::gauge(
    "errand_build_info",
    &["service_name", "version", "revision"],
    "What is running; always 1.",
);
pub(super) const CONFIG_RELOADS: Metric = Metric::counter(
    "errand_config_reloads_total",
    &["result"],
    "Changes of the configuration file that were taken over, or refused.",
);
pub(super) const CONFIG_SUCCESSFUL: Metric = Metric::gauge(
    "errand_config_last_reload_successful",
    &[],
    "Whether the configuration file is in effect as it is: 1, or 0 when it was refused.",
);
pub(super) const CONFIG_TIMESTAMP: Metric = Metric::gauge(
    "errand_config_last_reload_success_timestamp_seconds",
    &[],
    "When the configuration file was last taken over.",
);
pub(crate) const RUNTIME_WORKERS: Metric =
    Metric::gauge("errand_runtime_tokio_workers", &[], "Threads that work on requests.");
pub(crate) const RUNTIME_TASKS: Metric = Metric::gauge(
    "errand_runtime_tokio_alive_tasks",
    &[],
    "Tasks of the runtime that have not ended.",
);
pub(crate) const RUNTIME_QUEUE: Metric =
    Metric::gauge("errand_runtime_tokio_global_queue_depth", &[], "Tasks that wait for a thread.");
pub(crate) const RUNTIME_BUSY: Metric = Metric::counter(
    "errand_runtime_tokio_worker_busy_seconds_total",
    &[],
    "Time that the threads have worked, all together.",
);

/// The metrics of every process.
pub const CATALOGUE: &[Metric] = &[
    HTTP_REQUEST_DURATION,
    HTTP_ACTIVE_REQUESTS,
    HTTP_REQUEST_SIZE,
    HTTP_RESPONSE_SIZE,
    RPC_SERVER_DURATION,
    RPC_CLIENT_DURATION,
    CLIENT_ENDPOINTS,
    CLIENT_RETRIES,
    LOAD_SHED,
    TLS_RELOADS,
    TLS_REFUSALS,
    TLS_NOT_BEFORE,
    TLS_NOT_AFTER,
    DATABASE_DURATION,
    POOL_CONNECTIONS,
    POOL_MAX,
    POOL_PENDING,
    POOL_TIMEOUTS,
    POOL_WAIT,
    POOL_CREATE,
    LOG_RECORDS_DROPPED,
    SPANS_EXPORTED,
    BUILD_INFO,
    CONFIG_RELOADS,
    CONFIG_SUCCESSFUL,
    CONFIG_TIMESTAMP,
    RUNTIME_WORKERS,
    RUNTIME_TASKS,
    RUNTIME_QUEUE,
    RUNTIME_BUSY,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::metrics::Kind;

    #[test]
    fn names_are_a_contract_with_rules_and_dashboards() {
        let listed: Vec<_> =
            CATALOGUE.iter().map(|m| format!("{:?} {}{:?}", m.kind, m.name, m.labels)).collect();
        let expected = include_str!("catalogue.txt");
        assert_eq!(listed.join("\n"), expected.trim_end());
    }

    #[test]
    fn every_metric_follows_the_naming_rules_of_prometheus() {
        let mut names = BTreeSet::new();
        for Metric { name, kind, labels, help, buckets } in CATALOGUE {
            assert!(names.insert(name), "{name} stands twice");
            assert!(help.ends_with('.') && !labels.contains(&"le"), "{name}");
            assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
            assert_eq!(*kind == Kind::Histogram, !buckets.is_empty(), "{name}");
            assert!(
                buckets.is_sorted() && !name.ends_with("_count") && !name.ends_with("_sum"),
                "{name}"
            );
        }
    }
}
