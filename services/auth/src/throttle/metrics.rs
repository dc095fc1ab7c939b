use kit_base::metrics::{Counter, Layer};

pub(crate) static LOCKOUTS: Counter = Counter::new(
    Layer::Business,
    "errand_auth_lockouts_total",
    &[],
    "Attempts that were turned away because too many had failed before.",
);

/// An attempt was turned away.
pub(crate) fn locked_out() {
    LOCKOUTS.series(&[]).inc();
}
