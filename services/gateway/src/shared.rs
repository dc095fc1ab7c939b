//! What all requests share.
use std::sync::Arc;

use arc_swap::ArcSwap;
use kit_base::Clock;
use kit_rpc::token::Verifier;

use crate::{
    config::{Config, Network},
    edge::{admission::Admission, cors::Cors, rates::Rates, streams::Streams},
    openapi::Document,
    peers::Peers,
};

/// The state of the router.
pub(crate) type Gateway = Arc<Shared>;

/// The ways to all peers, and what guards them.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) proxies: Vec<Network>,
    pub(crate) admission: Admission,
    pub(crate) rates: Rates,
    pub(crate) cors: ArcSwap<Cors>,
    pub(crate) streams: Streams,
    pub(crate) document: Document,
    pub(crate) config: Config,
    pub(crate) peers: Peers,
}

impl Shared {
    pub(crate) fn new(
        config: Config,
        clock: Clock,
        peers: Peers,
        document: Document,
    ) -> anyhow::Result<Self> {
        let network = |text: &String| {
            text.parse()
                .map_err(|expected| anyhow::anyhow!("TRUSTED_PROXIES: {text:?} is not {expected}"))
        };
        Ok(Self {
            verifier: Arc::new(Verifier::new("gateway", clock.clone())),
            proxies: config.trusted_proxies.iter().map(network).collect::<Result<_, _>>()?,
            admission: Admission::new(config.max_in_flight),
            rates: Rates::new(&config, clock.clone()),
            cors: ArcSwap::from_pointee(Cors::new(&config.cors_origins)?),
            streams: Streams::new(config.max_streams, config.max_streams_per_user),
            document,
            clock,
            config,
            peers,
        })
    }

    /// Goes on by these settings, as far as that needs no restart.
    pub(crate) fn follow(&self, config: &Config) {
        self.rates.follow(config);
        match Cors::new(&config.cors_origins) {
            Ok(cors) => self.cors.store(Arc::new(cors)),
            Err(error) => tracing::warn!(%error, "the origins stay as they were"),
        }
    }
}
