use super::catalogue::{BUILD_INFO, CATALOGUE};

/// Shows what a process begins with, and tells what is running.
pub(crate) fn begin(service: &str, revision: &str) {
    kit_base::metrics::begin(CATALOGUE);
    kit_base::metrics::begin(kit_rpc::metrics::CATALOGUE);
    BUILD_INFO.set(&[service, env!("CARGO_PKG_VERSION"), revision], 1);
}
