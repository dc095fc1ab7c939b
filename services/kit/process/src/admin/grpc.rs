use tokio::sync::watch;
use tonic_health::{ServingStatus, server::HealthReporter};

use super::health::{Health, Phase};

/// Health as gRPC asks for it (`grpc.health.v1.Health`), for the whole process and for the service by its name.
pub(super) fn routes(name: &'static str, health: &Health) -> axum::Router {
    let (reporter, server) = tonic_health::server::health_reporter();
    let phases = health.phases();
    drop(kit_base::work::detach(follow(name, phases, reporter)));
    tonic::service::Routes::new(server).into_axum_router()
}

async fn follow(name: &'static str, mut phases: watch::Receiver<Phase>, reporter: HealthReporter) {
    loop {
        let status = match *phases.borrow_and_update() {
            Phase::Ready => ServingStatus::Serving,
            Phase::Starting | Phase::Draining => ServingStatus::NotServing,
        };
        reporter.set_service_status("", status).await;
        reporter.set_service_status(name, status).await;
        if phases.changed().await.is_err() {
            return;
        }
    }
}
