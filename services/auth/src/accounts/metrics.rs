use kit_base::metrics::{Counter, Layer};

pub(crate) static REGISTRATIONS: Counter = Counter::new(
    Layer::Business,
    "errand_auth_registrations_total",
    &["result"],
    "Attempts to open an account, by what came of them.",
)
.from_start(&[&["created"], &["taken"], &["refused"]]);

/// A registration was `created`, `taken` or `refused`.
pub(crate) fn registration(result: &str) {
    REGISTRATIONS.series(&[result]).inc();
}
