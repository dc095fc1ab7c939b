use std::sync::LazyLock;

use prometheus::IntGaugeVec;

use super::catalogue;

static BUILD: LazyLock<IntGaugeVec> = LazyLock::new(|| catalogue::BUILD_INFO.register_gauge());

/// Tells what is running.
pub(crate) fn build_info(service: &str, revision: &str) {
    BUILD.with_label_values(&[service, env!("CARGO_PKG_VERSION"), revision]).set(1);
}
