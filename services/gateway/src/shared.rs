//! What all requests share.
use std::sync::Arc;

use arc_swap::ArcSwap;
use kit::{Clock, GrpcChannel, token::Verifier};
use proto::{
    auth::v1::{
        account_service_client::AccountServiceClient, session_service_client::SessionServiceClient,
    },
    tasks::v1::{
        change_service_client::ChangeServiceClient, project_service_client::ProjectServiceClient,
        task_service_client::TaskServiceClient, trash_service_client::TrashServiceClient,
    },
};

use crate::{
    config::{Config, Network},
    edge::{admission::Admission, cors::Cors, rates::Rates, streams::Streams},
    openapi::Document,
    peers::Peers,
};

/// The state of the router.
pub(crate) type Gateway = Arc<Shared>;

/// The clients of all peers, and what guards them.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) verifier: Verifier,
    pub(crate) proxies: Vec<Network>,
    pub(crate) admission: Admission,
    pub(crate) rates: Rates,
    pub(crate) cors: ArcSwap<Cors>,
    pub(crate) streams: Streams,
    pub(crate) document: Document,
    pub(crate) config: Config,
    peers: Peers,
}

impl Shared {
    pub(crate) fn new(config: Config, clock: Clock, peers: Peers) -> anyhow::Result<Self> {
        let network = |text: &String| {
            text.parse()
                .map_err(|expected| anyhow::anyhow!("TRUSTED_PROXIES: {text:?} is not {expected}"))
        };
        Ok(Self {
            verifier: Verifier::new("gateway", clock.clone()),
            proxies: config.trusted_proxies.iter().map(network).collect::<Result<_, _>>()?,
            admission: Admission::new(config.max_in_flight),
            rates: Rates::new(&config, clock.clone()),
            cors: ArcSwap::from_pointee(Cors::new(&config.cors_origins)?),
            streams: Streams::new(config.max_streams, config.max_streams_per_user),
            document: Document::new(&config.public_url),
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

    pub(crate) fn accounts(&self) -> AccountServiceClient<GrpcChannel> {
        AccountServiceClient::new(self.peers.auth.clone())
    }

    pub(crate) fn sessions(&self) -> SessionServiceClient<GrpcChannel> {
        SessionServiceClient::new(self.peers.auth.clone())
    }

    pub(crate) fn tasks(&self) -> TaskServiceClient<GrpcChannel> {
        TaskServiceClient::new(self.peers.tasks.clone())
    }

    pub(crate) fn projects(&self) -> ProjectServiceClient<GrpcChannel> {
        ProjectServiceClient::new(self.peers.tasks.clone())
    }

    pub(crate) fn trash(&self) -> TrashServiceClient<GrpcChannel> {
        TrashServiceClient::new(self.peers.tasks.clone())
    }

    pub(crate) fn changes(&self) -> ChangeServiceClient<GrpcChannel> {
        ChangeServiceClient::new(self.peers.tasks.clone())
    }
}
