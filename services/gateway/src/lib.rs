//! The edge: REST in, gRPC out. It knows how to speak to clients and how to guard the services; the rules are theirs.
mod body;
mod condition;
mod config;
mod edge;
pub mod metrics;
mod openapi;
mod operations;
mod path;
mod peers;
mod problem;
mod query;
mod reply;
mod resources;
mod router;
mod shared;

use std::sync::Arc;

use kit_base::{Clock, Stop, error::told, switches};
use kit_process::{Service, config::Live};
use kit_rpc::{GrpcChannel, channel, tls::Identity};
use proto::{
    tasks::v1::{ListProjectsRequest, ProjectServicePeer},
    trust,
};
use tonic::Code;

pub use config::Config;
pub use peers::Peers;

use edge::{turning, unread};
use shared::Shared;

/// The edge over services that are reached by `peers`. It follows what changes in `settings`, where that needs no restart.
///
/// # Errors
/// A setting that cannot be used.
pub fn build(mut settings: Live<Config>, clock: Clock, peers: Peers) -> anyhow::Result<Service> {
    kit_base::metrics::begin(metrics::CATALOGUE);
    edge::shed::start();
    let auth = peers.auth.clone();
    let config = settings.now();
    let resources = resources::all(config.password_minimum);
    let turning = turning::Turning::new(&resources);
    switches::offer(turning::places(&resources));
    let document = openapi::document(&resources, &config.public_url);
    let shared = Arc::new(Shared::new(config, clock, peers, document)?);
    let [follower, untold, waiting, streaming, following, refusing, full] =
        [(); 7].map(|()| shared.clone());
    Ok(Service::http("gateway", router::router(resources, &shared))
        .refusing_unread(move |unread, peer| unread::refused(unread, peer, &refusing))
        .turning_away(move |bytes, peer| turning::turn_away(bytes, peer, &turning, &full))
        .ready_when_told(
            "access token keys",
            move || Some(untold.verifier.trouble()),
            move || Box::pin(trust::wait_for_keys(waiting.verifier.clone())),
        )
        .job("trust", move |stop| async move {
            trust::follow(&follower.verifier, auth, &stop).await;
        })
        .job("settings", move |stop: Stop| async move {
            while stop.run_until_cancelled(settings.changed()).await.is_some() {
                following.follow(&settings.now());
            }
        })
        .job("streams", move |stop: Stop| async move {
            stop.cancelled().await;
            streaming.streams.end();
        }))
}

/// The edge over the services that `settings` name by their URLs.
///
/// # Errors
/// A setting that cannot be used.
pub async fn build_remote(settings: Live<Config>, clock: Clock) -> anyhow::Result<Service> {
    let config = settings.now();
    let identity = Identity::in_folder(&config.tls_dir)?;
    let methods = channel::Methods { reads: proto::READS, streams: proto::STREAMS };
    let limits = channel::Limits { methods, ..channel::Limits::default() };
    let remote = |name, url: &str| channel::remote(name, url, identity.clone(), limits.clone());
    let (auth, tasks) = (remote("auth", &config.auth_url)?, remote("tasks", &config.tasks_url)?);
    let asked = tasks.clone();
    let service = build(settings, clock, Peers { auth, tasks })?;
    // The keys come from auth; that tasks is found, too, is seen by nothing else.
    Ok(service.ready_when("tasks", move || Box::pin(answers(asked.clone()))))
}

/// Any answer will do, as that nobody is signed in.
async fn answers(tasks: GrpcChannel) -> Result<(), String> {
    match ProjectServicePeer::new(&tasks).list_projects(ListProjectsRequest::default()).await {
        Err(status) if status.code() == Code::Unavailable => Err(told(&status)),
        _ => Ok(()),
    }
}
