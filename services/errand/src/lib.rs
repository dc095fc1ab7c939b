//! The whole suite in one process: the same services as in three, joined without sockets.
mod config;
pub mod metrics;
pub mod objectives;

use kit_base::Clock;
use kit_process::{Service, config::Live};

pub use config::Config;

/// Assembles the services and joins them; what is served is the edge.
///
/// # Errors
/// What the `build` of any of them says.
pub async fn build(settings: Live<Config>, clock: Clock) -> anyhow::Result<Service> {
    let Config { auth, tasks, gateway: _ } = settings.now();
    let auth = auth::build(auth, clock.clone()).await?;
    let tasks = tasks::build(tasks, clock.clone(), tasks::Peers { auth: auth.channel() }).await?;
    let peers = gateway::Peers { auth: auth.channel(), tasks: tasks.channel() };
    Ok(gateway::build(settings.map(|config| config.gateway), clock, peers)?
        .together_with([auth, tasks]))
}
