use super::catalogue::BUILD_INFO;

/// Tells what is running.
pub(crate) fn build_info(service: &str, revision: &str) {
    BUILD_INFO.set(&[service, env!("CARGO_PKG_VERSION"), revision], 1);
}
