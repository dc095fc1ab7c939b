use std::sync::LazyLock;

use prometheus::{IntCounterVec, IntGaugeVec};

use super::catalogue;
use kit_base::clock::Clock;

static RELOADS: LazyLock<IntCounterVec> =
    LazyLock::new(|| catalogue::CONFIG_RELOADS.register_counter());
static SUCCESSFUL: LazyLock<IntGaugeVec> =
    LazyLock::new(|| catalogue::CONFIG_SUCCESSFUL.register_gauge());
static TIMESTAMP: LazyLock<IntGaugeVec> =
    LazyLock::new(|| catalogue::CONFIG_TIMESTAMP.register_gauge());

/// Tells that the configuration file is in effect as it is.
pub(crate) fn config_in_effect() {
    for result in ["success", "failure"] {
        RELOADS.with_label_values(&[result]);
    }
    SUCCESSFUL.with_label_values::<&str>(&[]).set(1);
    TIMESTAMP.with_label_values::<&str>(&[]).set(Clock::system().now().as_seconds());
}

/// Counts a configuration file that was taken over or refused.
pub(crate) fn config_reload(succeeded: bool) {
    RELOADS.with_label_values(&[if succeeded { "success" } else { "failure" }]).inc();
    match succeeded {
        true => config_in_effect(),
        false => SUCCESSFUL.with_label_values::<&str>(&[]).set(0),
    }
}
