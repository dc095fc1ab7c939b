use super::catalogue::{CONFIG_RELOADS, CONFIG_SUCCESSFUL, CONFIG_TIMESTAMP};
use kit_base::clock::Clock;

/// Tells that the configuration file is in effect as it is.
pub(crate) fn config_in_effect() {
    CONFIG_SUCCESSFUL.set(&[], 1);
    CONFIG_TIMESTAMP.set(&[], Clock::system().now().as_seconds());
}

/// Counts a configuration file that was taken over or refused.
pub(crate) fn config_reload(succeeded: bool) {
    CONFIG_RELOADS.series(&[if succeeded { "success" } else { "failure" }]).inc();
    match succeeded {
        true => config_in_effect(),
        false => CONFIG_SUCCESSFUL.set(&[], 0),
    }
}
