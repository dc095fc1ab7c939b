use kit_base::metrics::{Counter, Layer};

pub(crate) static REFRESHES: Counter = Counter::new(
    Layer::Business,
    "errand_auth_token_refreshes_total",
    &["result"],
    "Refresh tokens that were presented, by what came of them.",
)
.from_start(&[&["rotated"], &["repeated"], &["refused"], &["reused"]]);
pub(crate) static REUSE_DETECTED: Counter = Counter::new(
    Layer::Business,
    "errand_auth_refresh_reuse_detected_total",
    &[],
    "Sessions that were ended because a used refresh token came back: it may have been stolen.",
);

/// A refresh token was `rotated`, `repeated`, `refused` or `reused`.
pub(crate) fn refreshed(result: &str) {
    REFRESHES.series(&[result]).inc();
    if result == "reused" {
        REUSE_DETECTED.series(&[]).inc();
    }
}
