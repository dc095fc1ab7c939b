use kit_base::metrics::{Gauge, Layer};

pub(crate) static TRUST_STREAMS: Gauge = Gauge::new(
    Layer::Application,
    "errand_auth_trust_streams",
    &[],
    "Peers that follow keys and revocations from this replica.",
)
.from_start(&[&[]]);

/// A peer that follows, for as long as this value lives.
pub(crate) struct Follower;

impl Follower {
    /// One more.
    pub(crate) fn new() -> Self {
        TRUST_STREAMS.series(&[]).inc();
        Self
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        TRUST_STREAMS.series(&[]).dec();
    }
}
