use std::sync::LazyLock;

use prometheus::IntGaugeVec;

use super::catalogue;

static BUILD: LazyLock<IntGaugeVec> = LazyLock::new(|| catalogue::BUILD_INFO.register_gauge());

/// Tells what is running.
pub fn build_info(service: &str) {
    // An image says it: compiled in, every commit would compile everything again.
    let revision = std::env::var("ERRAND_REVISION").unwrap_or_else(|_| "unknown".to_owned());
    BUILD.with_label_values(&[service, env!("CARGO_PKG_VERSION"), revision.as_str()]).set(1);
}
