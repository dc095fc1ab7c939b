//! Who someone is: accounts, sessions, and the keys and revocations by which every other service checks a token itself.
mod accounts;
mod authority;
mod caller;
mod config;
mod devices;
mod error;
mod housekeeping;
mod idempotency;
mod ids;
mod jobs;
mod keys;
mod limits;
pub mod metrics;
mod migrations;
mod passwords;
mod refresh;
mod rpc;
mod secrets;
mod sessions;
mod store;
mod throttle;
mod trust;

use std::sync::Arc;

use futures_util::FutureExt as _;
use kit_base::Clock;
use kit_process::Service;

pub use config::Config;
pub use migrations::MIGRATIONS;

use crate::{
    authority::Authority, error::Error, keys::error::Error as KeyError,
    passwords::rules as password,
};

/// Assembles the service: its own process and the all-in-one serve the same value.
///
/// # Errors
/// When it could never work: a key file that cannot be made or read, a KEK that does not open the signing keys of the database,
/// or an SQLite database that cannot be opened. A PostgreSQL server that is not there yet is waited for by the readiness check.
pub async fn build(config: Config, clock: Clock) -> anyhow::Result<Service> {
    kit_base::metrics::begin(metrics::CATALOGUE);
    if config.password_minimum < password::MINIMUM {
        let (minimum, recommended) = (config.password_minimum, password::MINIMUM);
        tracing::warn!(
            minimum,
            recommended,
            "passwords may be shorter than is safe where they are all there is"
        );
    }
    let embedded = config.sqlite_file().is_some();
    let authority = Arc::new(Authority::open(config, clock)?);
    if let Err(error) = authority.prepare().await {
        if embedded || matches!(error.downcast_ref(), Some(Error::Key(KeyError::WrongKek))) {
            return Err(error);
        }
        tracing::warn!(error = format!("{error:#}"), "the database is waited for");
    }
    Ok(assemble(&authority))
}

fn assemble(authority: &Arc<Authority>) -> Service {
    let [asked, checked, revocations, keys, house, streams] =
        [(); 6].map(|()| Arc::clone(authority));
    Service::grpc("auth", rpc::services(authority), Some(authority.trust.verifier.clone()))
        .ready_when_told(
            "database",
            move || asked.db.trouble(),
            move || {
                let authority = Arc::clone(&checked);
                async move { authority.prepare().await.map_err(|error| format!("{error:#}")) }
                    .boxed()
            },
        )
        .job("revocations", |stop| jobs::follow_revocations(revocations, stop))
        .job("signing keys", |stop| jobs::keep_keys(keys, stop))
        .job("housekeeping", |stop| jobs::keep_house(house, stop))
        .job("streams", |stop| jobs::end_streams(streams, stop))
}

/// Brings the schema up to date; safe to run from several processes at once.
///
/// # Errors
/// When the database cannot be reached, or a step fails: then the schema stays as it was.
pub async fn migrate(config: &Config) -> anyhow::Result<()> {
    kit_db::migrate::apply(&authority::open(config)?, MIGRATIONS).await?;
    Ok(())
}
