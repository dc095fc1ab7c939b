//! What a process counts and times, for Prometheus. The catalogue is code: rules, dashboards and documentation follow it.
mod build;
pub mod catalogue;
mod config;
mod database;
mod handles;
mod http;
mod metric;
mod peers;
mod rpc;
mod tls;

pub use self::{
    build::build_info,
    catalogue::CATALOGUE,
    config::{config_in_effect, config_reload},
    database::{Pool, PoolState, database_operation},
    http::{ActiveRequest, http_active, http_body_sizes, http_request},
    metric::{Kind, Metric},
    peers::{client_endpoints, client_retry, load_shed},
    rpc::{rpc_called, rpc_served},
    tls::{tls_certificate, tls_refused, tls_reloaded},
};

/// All that was counted, in Prometheus' text format.
pub fn text() -> String {
    let mut text = String::new();
    let written = prometheus::TextEncoder::new().encode_utf8(&prometheus::gather(), &mut text);
    written.expect("the registry holds only valid metrics");
    text
}
