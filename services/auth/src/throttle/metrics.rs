use std::sync::LazyLock;

use kit_base::metrics::Metric;
use prometheus::IntCounterVec;

use crate::metrics::series::counter;

pub(crate) const LOCKOUTS: Metric = Metric::counter(
    "errand_auth_lockouts_total",
    &[],
    "Attempts that were turned away because too many had failed before.",
);

static TURNED_AWAY: LazyLock<IntCounterVec> = LazyLock::new(|| counter(LOCKOUTS, &[&[]]));

/// Begins every series at 0.
pub(crate) fn start() {
    LazyLock::force(&TURNED_AWAY);
}

/// An attempt was turned away.
pub(crate) fn locked_out() {
    TURNED_AWAY.with_label_values(&[] as &[&str]).inc();
}
