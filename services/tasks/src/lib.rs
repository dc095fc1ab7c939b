//! Tasks: scopes and their journal, projects, tasks, trash, and the change feed.
mod access;
mod config;
mod error;
mod housekeeping;
mod ids;
mod journal;
mod limits;
mod message;
mod migrations;
mod objects;
mod projects;
mod ranks;
mod rpc;
mod tasks;
mod text;
mod trash;

use std::sync::Arc;

pub use config::Config;
pub(crate) use error::Error;
pub use journal::metrics::CATALOGUE as METRICS;
use kit_base::Clock;
use kit_db::{Db, Limits, migrate};
use kit_process::Service;
use kit_rpc::{GrpcChannel, token::Verifier};
pub use migrations::ALL as MIGRATIONS;
use proto::trust;
use quick_cache::sync::Cache;
use rpc::Rpc;
use tonic::service::Routes;

/// The services that this one calls.
pub struct Peers {
    /// For the keys and revocations by which tokens are checked.
    pub auth: GrpcChannel,
}

/// How each resource is served.
const RESOURCES: &[fn(Rpc, Routes) -> Routes] =
    &[tasks::rpc::serve, projects::rpc::serve, trash::rpc::serve, journal::rpc::serve];

/// Assembles the service: its own process and the all-in-one serve the same value.
pub async fn build(config: Config, clock: Clock, peers: Peers) -> anyhow::Result<Service> {
    let db = open(&config)?;
    let sqlite = matches!(db, Db::Sqlite(_));
    let (verifier, feed) =
        (Arc::new(Verifier::new("tasks", clock.clone())), journal::feed::Feed::default());
    let writer = journal::writer::Writer::new(db.clone(), clock.clone(), feed.clone());
    let scopes = Arc::new(Cache::new(20_000));
    let rpc = Rpc {
        db: db.clone(),
        clock: clock.clone(),
        writer: writer.clone(),
        feed: feed.clone(),
        tasks: tasks::store::lookup(db.clone()),
        projects: projects::store::lookup(db.clone()),
        scopes,
    };
    let routes =
        RESOURCES.iter().fold(Routes::default(), |routes, serve| serve(rpc.clone(), routes));
    let migrating = config.auto_migrate.unwrap_or(sqlite);
    let [asked, schema, followed, folded] = [(); 4].map(|()| db.clone());
    let (left, times, auth) = (db.clone(), clock.clone(), peers.auth.clone());
    let [untold, trusting] = [(); 2].map(|()| verifier.clone());
    Ok(Service::grpc("tasks", routes, Some(verifier.clone()))
        .ready_when_told(
            "schema",
            move || asked.trouble(),
            move || Box::pin(migrations::ready(schema.clone(), migrating)),
        )
        .ready_when_told(
            "keys",
            move || Some(untold.trouble()),
            move || Box::pin(trust::wait_for_keys(trusting.clone())),
        )
        .job("deletions", move |stop| access::write::follow_deletions(left, times, auth, stop))
        .job("trust", move |stop| async move { trust::follow(&verifier, peers.auth, &stop).await })
        .job("feed", move |stop| feed.follow(followed, stop))
        .job("refold", move |stop| tasks::refold::run(folded, stop))
        .job("housekeeping", move |stop| housekeeping::keep(db, clock, writer, config, stop)))
}

/// Brings the schema up to date; safe to run from several processes at once.
pub async fn migrate(config: &Config) -> anyhow::Result<()> {
    migrate::apply(&open(config)?, migrations::ALL).await?;
    Ok(())
}

fn open(config: &Config) -> anyhow::Result<Db> {
    let limits =
        Limits { name: "tasks", connections: config.database_connections, ..Limits::default() };
    Db::open(config.database_url.expose(), &limits)
}
