use kit_base::metrics::{Gauge, Layer};

pub(crate) static KEY_CREATED: Gauge = Gauge::new(
    Layer::Business,
    "errand_auth_signing_key_created_timestamp_seconds",
    &["state"],
    "When the signing key in this state was made, in seconds since 1970; 0 when there is none.",
)
.from_start(&[&["next"], &["current"], &["previous"]]);

/// The key that is `next`, `current` or `previous` was made at this second since 1970.
pub(crate) fn key_created(state: &str, seconds: i64) {
    KEY_CREATED.set(&[state], seconds);
}
