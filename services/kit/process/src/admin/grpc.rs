use std::time::Duration;

use kit_base::switches;
use tokio::sync::watch;
use tonic_health::{ServingStatus, server::HealthReporter};

use super::health::{Health, Phase};

/// How often what an operator has switched is looked at.
const SWITCHES: Duration = Duration::from_secs(1);

/// Health as gRPC asks for it (`grpc.health.v1.Health`), for the whole process and for the service by its name.
pub(super) fn routes(name: &'static str, health: &Health) -> axum::Router {
    let (reporter, server) = tonic_health::server::health_reporter();
    let phases = health.phases();
    drop(kit_base::work::detach(follow(name, phases, reporter)));
    tonic::service::Routes::new(server).into_axum_router()
}

async fn follow(name: &'static str, mut phases: watch::Receiver<Phase>, reporter: HealthReporter) {
    let mut told = None;
    loop {
        let status = match *phases.borrow_and_update() {
            Phase::Ready if !switches::unready() => ServingStatus::Serving,
            Phase::Ready | Phase::Starting | Phase::Draining => ServingStatus::NotServing,
        };
        // Whoever watches hears of each that is set, also where it is the one of before.
        if told.replace(status) != Some(status) {
            reporter.set_service_status("", status).await;
            reporter.set_service_status(name, status).await;
        }
        // A switch tells nobody, and ends by itself.
        if let Ok(Err(_)) = tokio::time::timeout(SWITCHES, phases.changed()).await {
            return;
        }
    }
}
