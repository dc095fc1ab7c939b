//! The metrics of calls between processes.
use kit_base::metrics::{Counter, DURATION_BUCKETS, Declared, Gauge, Histogram, Layer};

use crate::token::metrics::{JWKS_AGE, JWKS_FETCHES, VALIDATIONS};

pub(super) static RPC_SERVER_DURATION: Histogram = Histogram::with_buckets(
    Layer::Application,
    "rpc_server_call_duration_seconds",
    &["rpc_system_name", "rpc_method", "rpc_status_code", "error_type"],
    "Time to answer a gRPC call.",
    DURATION_BUCKETS,
);
pub(super) static RPC_CLIENT_DURATION: Histogram = Histogram::with_buckets(
    Layer::Application,
    "rpc_client_call_duration_seconds",
    &["rpc_system_name", "rpc_method", "rpc_status_code", "error_type", "server_address"],
    "Time until a gRPC call to a peer was answered.",
    DURATION_BUCKETS,
);
pub(super) static CLIENT_ENDPOINTS: Gauge = Gauge::new(
    Layer::Application,
    "errand_grpc_client_endpoints",
    &["target", "state"],
    "Replicas of a peer by state: ready, failed.",
);
pub(super) static BREAKER: Gauge = Gauge::new(
    Layer::Application,
    "errand_circuit_breaker_state",
    &["target", "state"],
    "Whether calls to a peer are refused at once (open), since all of its replicas are left out, or sent (closed): 1.",
);
pub(super) static CLIENT_RETRIES: Counter = Counter::new(
    Layer::Application,
    "errand_client_retries_total",
    &["target", "reason"],
    "Calls to a peer that were sent once more.",
);
pub(super) static TLS_RELOADS: Counter = Counter::new(
    Layer::Infrastructure,
    "errand_tls_reloads_total",
    &["result"],
    "New TLS files that were taken (success), or refused as a whole (failure).",
)
.from_start(&[&["success"], &["failure"]]);
pub(crate) static TLS_REFUSALS: Counter = Counter::new(
    Layer::Infrastructure,
    "errand_tls_refusals_total",
    &["reason"],
    "Connections that were not let in: name, certificate, client, protocol, time.",
)
.from_start(&[&["name"], &["certificate"], &["client"], &["protocol"], &["time"]]);
pub(super) static TLS_NOT_BEFORE: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_tls_certificate_not_before_timestamp_seconds",
    &[],
    "When this process's certificate begins to be valid.",
);
pub(super) static TLS_NOT_AFTER: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_tls_certificate_not_after_timestamp_seconds",
    &[],
    "When this process's certificate ends to be valid.",
);

/// The metrics of calls between processes, and of the tokens that they bring.
pub static CATALOGUE: &[&dyn Declared] = &[
    &RPC_SERVER_DURATION,
    &RPC_CLIENT_DURATION,
    &CLIENT_ENDPOINTS,
    &BREAKER,
    &CLIENT_RETRIES,
    &TLS_RELOADS,
    &TLS_REFUSALS,
    &TLS_NOT_BEFORE,
    &TLS_NOT_AFTER,
    &VALIDATIONS,
    &JWKS_FETCHES,
    &JWKS_AGE,
];
