//! Tasks: scopes and their journal, projects, tasks, trash, and the change feed.
mod access;
mod config;
mod error;
mod housekeeping;
mod ids;
mod journal;
mod limits;
mod message;
pub mod metrics;
mod migrations;
mod objects;
mod projects;
mod ranks;
mod rpc;
mod searches;
mod tasks;
mod text;
mod trash;

use std::sync::{Arc, LazyLock};

use access::usage::Quotas;
pub use config::Config;
pub(crate) use error::Error;
use journal::{bounds::Bounds, feed::Feed, rows::Row as _, stored::Kind, writer::Writer};
use kit_base::{Clock, metrics::CacheRequests, room::Rooms};
use kit_db::{Db, Limits, migrate};
use kit_process::Service;
use kit_rpc::{GrpcChannel, Services, token::Verifier};
pub use migrations::ALL as MIGRATIONS;
use projects::row::Project;
use proto::trust;
use quick_cache::sync::Cache;
use rpc::Rpc;
use tasks::row::Task;

/// The services that this one calls.
pub struct Peers {
    /// For the keys and revocations by which tokens are checked.
    pub auth: GrpcChannel,
}

/// A resource: how it is served, and the rows that it keeps itself.
type Resource = (fn(Rpc, Services) -> Services, Option<Kind>);

const RESOURCES: &[Resource] = &[
    (tasks::rpc::serve, Some(Kind::stored::<Task>())),
    (projects::rpc::serve, Some(Kind::stored::<Project>())),
    (trash::rpc::serve, None),
    (journal::rpc::serve, None),
    (access::rpc::serve, None),
];

/// What is kept of scopes, and so counted, and erased with them.
fn kinds() -> &'static [Kind] {
    static KINDS: LazyLock<Vec<Kind>> =
        LazyLock::new(|| RESOURCES.iter().filter_map(|(_, kind)| *kind).collect());
    &KINDS
}

/// For pages that are read at once, in bytes: sixteen of the largest.
const ROOM: usize = 4 << 20;
/// Of one scope, so that the others go on: one large page and a half.
const ROOM_OF_A_SCOPE: usize = 384 << 10;
/// For batches that wait for those who watch, in bytes.
const WATCHED: usize = 16 << 20;
/// Of one scope: three of the largest.
const WATCHED_OF_A_SCOPE: usize = 768 << 10;

/// What a scope may keep by these settings.
fn bounds(config: &Config) -> Bounds {
    let most = |most: u64| i64::try_from(most).ok().filter(|most| *most > 0);
    let rows = [(Task::TYPE, config.quota_tasks), (Project::TYPE, config.quota_projects)];
    let rows =
        rows.into_iter().filter_map(|(object_type, rows)| Some((object_type, most(rows.into())?)));
    let (bytes, bytes_a_day) = (most(config.quota_bytes), most(config.quota_bytes_per_day));
    Bounds { quotas: Quotas { rows: rows.collect(), bytes, bytes_a_day }, kinds: kinds() }
}

/// What every method needs.
fn rpc(config: &Config, db: &Db, clock: &Clock) -> Rpc {
    let (feed, bounds) = (Feed::default(), Arc::new(bounds(config)));
    Rpc {
        writer: Writer::new(db.clone(), clock.clone(), feed.clone(), bounds.clone()),
        verifier: Arc::new(Verifier::new("tasks", clock.clone())),
        tasks: tasks::store::lookup(db.clone()),
        projects: projects::store::lookup(db.clone()),
        searches: Arc::new(searches::Searches::new()),
        rooms: Arc::new(Rooms::new(ROOM, ROOM_OF_A_SCOPE)),
        watching: Arc::new(Rooms::new(WATCHED, WATCHED_OF_A_SCOPE)),
        scopes: Arc::new(Cache::new(20_000)),
        scope_requests: CacheRequests::named("scopes"),
        db: db.clone(),
        clock: clock.clone(),
        bounds,
        feed,
    }
}

/// Assembles the service: its own process and the all-in-one serve the same value.
pub async fn build(config: Config, clock: Clock, peers: Peers) -> anyhow::Result<Service> {
    kit_base::metrics::begin(metrics::CATALOGUE);
    let db = open(&config)?;
    let sqlite = matches!(db, Db::Sqlite(_));
    let rpc = rpc(&config, &db, &clock);
    let (verifier, feed, writer) = (rpc.verifier.clone(), rpc.feed.clone(), rpc.writer.clone());
    let services = RESOURCES
        .iter()
        .fold(Services::default(), |services, (serve, _)| serve(rpc.clone(), services));
    let migrating = config.auto_migrate.unwrap_or(sqlite);
    let [asked, schema, followed, folded, counted] = [(); 5].map(|()| db.clone());
    let (left, times, auth) = (db.clone(), clock.clone(), peers.auth.clone());
    let counting = clock.clone();
    let [untold, trusting] = [(); 2].map(|()| verifier.clone());
    Ok(Service::grpc("tasks", services, Some(verifier.clone()))
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
        .job("deletions", move |stop| {
            access::write::follow_deletions((left, kinds()), times, auth, stop)
        })
        .job("trust", move |stop| async move { trust::follow(&verifier, peers.auth, &stop).await })
        .job("feed", move |stop| feed.follow(followed, stop))
        .job("census", move |stop| tasks::census::run(counted, counting, stop))
        .job("refold", move |stop| tasks::refold::run(folded, stop))
        .job("housekeeping", move |stop| {
            housekeeping::keep(db, clock, writer, config, housekeeping::PERIOD, stop)
        }))
}

/// Brings the schema up to date; safe to run from several processes at once.
pub async fn migrate(config: &Config) -> anyhow::Result<()> {
    migrate::apply(&open(config)?, migrations::ALL).await?;
    Ok(())
}

fn open(config: &Config) -> anyhow::Result<Db> {
    let limits = Limits {
        name: "tasks",
        connections: config.database_connections,
        searches: searches::AT_ONCE + 1,
        ..Limits::default()
    };
    Db::open(config.database_url.expose(), &limits)
}
