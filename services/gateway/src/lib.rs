//! The edge: REST in, gRPC out. It knows how to speak to clients and how to guard the services; the rules are theirs.
mod body;
mod condition;
mod config;
mod device;
mod edge;
mod idempotency;
mod openapi;
mod problem;
mod query;
mod reply;
mod routes;
mod shared;
mod streams;
mod trust;
mod user;
mod visit;

use std::sync::Arc;

use kit::{Clock, GrpcChannel, Service, Stop, channel, tls::Identity};
use proto::auth::v1::trust_service_client::TrustServiceClient;

pub use config::{Config, Switch};

use shared::Shared;

/// The services behind the edge.
#[derive(Clone)]
pub struct Peers {
    /// Accounts, sessions and keys.
    pub auth: GrpcChannel,
    /// Tasks, projects, trash and changes.
    pub tasks: GrpcChannel,
}

/// The edge over services that are reached by `peers`.
///
/// # Errors
/// A value of `config` that cannot be used.
pub fn build(config: Config, clock: Clock, peers: Peers) -> anyhow::Result<Service> {
    let trust = TrustServiceClient::new(peers.auth.clone());
    let shared = Arc::new(Shared::new(config, clock, peers)?);
    let (follower, waiting, streaming) = (shared.clone(), shared.clone(), shared.clone());
    Ok(Service::http("gateway", routes::router(&shared))
        .ready_when("access token keys", move || {
            let waiting = waiting.clone();
            Box::pin(async move {
                waiting.verifier.known().await;
                Ok(())
            })
        })
        .job(
            "trust",
            move |stop| async move { trust::follow(&follower.verifier, trust, &stop).await },
        )
        .job("streams", move |stop: Stop| async move {
            stop.cancelled().await;
            streaming.streams.end();
        }))
}

/// The edge over the services that `config` names by their URLs.
///
/// # Errors
/// A value of `config` that cannot be used.
pub async fn build_remote(config: Config, clock: Clock) -> anyhow::Result<Service> {
    let identity = Identity::of(&config.tls_dir)?;
    let remote =
        |name, url: &str| channel::remote(name, url, identity.clone(), channel::Limits::default());
    let (auth, tasks) = (remote("auth", &config.auth_url)?, remote("tasks", &config.tasks_url)?);
    build(config, clock, Peers { auth, tasks })
}
