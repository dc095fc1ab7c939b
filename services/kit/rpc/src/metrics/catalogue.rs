//! The metrics of calls between processes.
use kit_base::metrics::{DURATION_BUCKETS, Metric};

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
    "Replicas of a peer by state: ready, failed.",
);
pub(super) const CLIENT_RETRIES: Metric = Metric::counter(
    "errand_client_retries_total",
    &["target", "reason"],
    "Calls to a peer that were sent once more.",
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

/// The metrics of calls between processes.
pub const CATALOGUE: &[Metric] = &[
    RPC_SERVER_DURATION,
    RPC_CLIENT_DURATION,
    CLIENT_ENDPOINTS,
    CLIENT_RETRIES,
    TLS_RELOADS,
    TLS_REFUSALS,
    TLS_NOT_BEFORE,
    TLS_NOT_AFTER,
];
