//! What a process counts and times of the calls that it answers and makes.
mod catalogue;
mod peers;
mod rpc;
mod tls;

pub use self::catalogue::CATALOGUE;
#[cfg(test)]
pub(crate) use self::catalogue::TLS_REFUSALS;
pub(crate) use self::{
    peers::{begin_client_retries, client_endpoints, client_retry},
    rpc::{UNKNOWN, is_server_error, method_of, rpc_called, rpc_served},
    tls::{tls_certificate, tls_refused, tls_reloaded},
};
