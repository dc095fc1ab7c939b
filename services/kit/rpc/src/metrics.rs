//! What a process counts and times of the calls that it answers and makes.
mod catalogue;
mod peers;
mod rpc;
mod tls;

pub use self::catalogue::CATALOGUE;
pub(crate) use self::{
    peers::{begin_client_retries, client_endpoints, client_retry},
    rpc::{rpc_called, rpc_served},
    tls::{begin_tls_refusals, tls_certificate, tls_refused, tls_reloaded},
};
