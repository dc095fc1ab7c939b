//! What all requests share.
use std::sync::Arc;

use arc_swap::ArcSwap;
use kit_base::{Clock, room::Rooms};
use kit_rpc::token::Verifier;

use crate::{
    config::{Config, Network},
    edge::{
        admission::Admission,
        cors::Cors,
        lines::Lines,
        rates::Rates,
        streams::{Most, Streams},
        untaken::Untaken,
    },
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
    pub(crate) lines: Lines,
    pub(crate) cors: ArcSwap<Cors>,
    pub(crate) streams: Streams,
    /// Where pages are, by user, until their clients have taken them.
    pub(crate) rooms: Rooms,
    /// What waits for its client, by address.
    pub(crate) untaken: Arc<Untaken>,
    pub(crate) document: Document,
    pub(crate) config: Config,
    pub(crate) peers: Peers,
}

/// For pages that wait for their clients, in bytes.
const ROOM: usize = 32 << 20;
/// Of one user, so that those of others go on.
const ROOM_OF_A_USER: usize = 1 << 20;

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
            admission: Admission::new(
                config.max_in_flight,
                config.max_in_flight_per_address,
                config.max_in_flight_per_user,
            ),
            rates: Rates::new(&config),
            lines: Lines::new(config.log_requests),
            cors: ArcSwap::from_pointee(Cors::new(&config.cors_origins)?),
            streams: Streams::new(Most {
                all: config.max_streams,
                streams_per_user: config.max_streams_per_user,
                polls_per_user: config.max_polls_per_user,
                per_address: config.max_streams_per_address,
            }),
            rooms: Rooms::new(ROOM, ROOM_OF_A_USER),
            untaken: Arc::default(),
            document,
            clock,
            config,
            peers,
        })
    }

    /// Goes on by these settings, as far as that needs no restart.
    pub(crate) fn follow(&self, config: &Config) {
        self.rates.follow(config);
        self.lines.follow(config.log_requests);
        match Cors::new(&config.cors_origins) {
            Ok(cors) => self.cors.store(Arc::new(cors)),
            Err(error) => tracing::warn!(%error, "the origins stay as they were"),
        }
    }
}
