use std::sync::OnceLock;

use super::catalogue::{BUILD_INFO, CATALOGUE, TARGET_INFO};

/// All services of the suite are in one namespace of OpenTelemetry's.
const NAMESPACE: &str = "errand";

/// The name of the machine: of the pod, in a cluster.
fn instance() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

static BUILD: OnceLock<String> = OnceLock::new();

/// Which build this process is, as `0.1.0+abcdef`; the version alone where no process has begun, as in a test.
pub fn build() -> &'static str {
    BUILD.get().map_or(env!("CARGO_PKG_VERSION"), String::as_str)
}

/// Shows what a process begins with, and tells what is running.
pub(crate) fn begin(service: &str, revision: &str) {
    kit_base::metrics::begin(CATALOGUE);
    kit_base::switches::begin();
    kit_base::metrics::begin(kit_rpc::metrics::CATALOGUE);
    let version = env!("CARGO_PKG_VERSION");
    _ = BUILD.set(format!("{version}+{revision}"));
    BUILD_INFO.set(&[service, version, revision, env!("BUILT_BY_RUSTC")], 1);
    TARGET_INFO.set(&[service, NAMESPACE, version, &instance()], 1);
}
