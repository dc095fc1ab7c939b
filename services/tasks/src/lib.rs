//! Tasks: scopes and their journal, projects, tasks, trash, and the change feed.
mod command;
mod domain;
mod error;
mod feed;
mod jobs;
mod metrics;
mod migrations;
mod rpc;
mod schema;
mod store;
mod writer;

use std::sync::Arc;

pub(crate) use error::Error;
use kit::{
    Clock, Db, GrpcChannel, Secret, Service, Settings,
    caller::Authenticate,
    db::{Limits, migrate},
    token::Verifier,
};
pub use migrations::ALL as MIGRATIONS;
use proto::tasks::v1::{
    change_service_server::ChangeServiceServer, project_service_server::ProjectServiceServer,
    task_service_server::TaskServiceServer, trash_service_server::TrashServiceServer,
};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use tonic::service::Routes;

/// What an operator may set. Each field is an environment variable of that name in capitals.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `postgres://…` or `sqlite:path`. Required.
    pub database_url: Secret,
    /// Connections for writes.
    pub database_connections: usize,
    /// Whether the service brings the schema up to date itself. By default only on SQLite.
    pub auto_migrate: Option<bool>,
    /// Where the auth service is: `http://host:port`, or `https://host:port` with `tls_dir`.
    pub auth_url: String,
    /// The folder with `tls.crt`, `tls.key` and `ca.crt`: who this process is to the auth service.
    pub tls_dir: String,
    /// Days that deleted things stay in the trash.
    pub trash_days: u32,
    /// Days that the change feed reaches back.
    pub feed_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: Secret::default(),
            database_connections: 8,
            auto_migrate: None,
            auth_url: "http://localhost:50051".to_owned(),
            tls_dir: String::new(),
            trash_days: 30,
            feed_days: 30,
        }
    }
}

impl Settings for Config {
    fn faults(&self) -> Vec<String> {
        let mut faults = kit::tls::faults(&self.tls_dir, &[("AUTH_URL", &self.auth_url)]);
        if self.database_url.expose().is_empty() {
            faults.push(
                "DATABASE_URL is missing: postgres://user@host/name or sqlite:path".to_owned(),
            );
        }
        if self.database_connections == 0 {
            faults.push("DATABASE_CONNECTIONS is 0: at least 1".to_owned());
        }
        faults
    }
}

/// The services that this one calls.
pub struct Peers {
    /// For the keys and revocations by which tokens are checked.
    pub auth: GrpcChannel,
}

/// Assembles the service: its own process and the all-in-one serve the same value.
pub async fn build(config: Config, clock: Clock, peers: Peers) -> anyhow::Result<Service> {
    metrics::register();
    let db = open(&config)?;
    let sqlite = matches!(db, Db::Sqlite(_));
    let (verifier, feed) = (Arc::new(Verifier::new("tasks", clock.clone())), feed::Feed::default());
    let writer = writer::Writer::new(db.clone(), clock.clone(), feed.clone());
    let scopes = Arc::new(Cache::new(20_000));
    let rpc = rpc::Rpc {
        db: db.clone(),
        clock: clock.clone(),
        writer: writer.clone(),
        feed: feed.clone(),
        scopes,
    };
    let routes = Routes::new(TaskServiceServer::new(rpc.clone()))
        .add_service(ProjectServiceServer::new(rpc.clone()))
        .add_service(TrashServiceServer::new(rpc.clone()))
        .add_service(ChangeServiceServer::new(rpc));
    let routes = routes.into_axum_router().layer(Authenticate::new(verifier.clone()));
    let migrating = config.auto_migrate.unwrap_or(sqlite);
    let (schema, followed, kept) = (db.clone(), db.clone(), db);
    let trusting = verifier.clone();
    Ok(Service::grpc("tasks", Routes::from(routes))
        .ready_when("schema", move || Box::pin(jobs::schema(schema.clone(), migrating)))
        .ready_when("keys", move || Box::pin(jobs::keys(trusting.clone())))
        .job("trust", move |stop| jobs::follow_trust(verifier, peers.auth, stop))
        .job("feed", move |stop| feed.follow(followed, stop))
        .job("housekeeping", move |stop| jobs::housekeeping(kept, clock, writer, config, stop)))
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
