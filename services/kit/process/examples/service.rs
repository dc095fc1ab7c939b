//! The smallest service on the chassis, as its tests start it: what each process has, and two routes.
//!
//! `MODE=check` and `MODE=print` look at the configuration instead of serving.
use std::{process::ExitCode, time::Duration};

use axum::{Router, routing::get};
use kit_process::{
    Secret, Service, Settings,
    config::Live,
    run::{Mode, Port},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
struct Config {
    key: Secret,
    size: u32,
    /// What it waits for in vain, if there is such a thing.
    absent: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { key: Secret::default(), size: 3, absent: String::new() }
    }
}

impl Settings for Config {
    fn faults(&self) -> Vec<String> {
        self.key.expose().is_empty().then(|| "KEY must be set".to_owned()).into_iter().collect()
    }
}

fn main() -> ExitCode {
    let mode = match std::env::vars().find(|(name, _)| name == "MODE") {
        Some((_, mode)) if mode == "check" => Mode::CheckConfig,
        Some((_, mode)) if mode == "print" => Mode::PrintConfig,
        _ => Mode::Serve,
    };
    let slow = async || tokio::time::sleep(Duration::from_secs(60)).await;
    let router = Router::new().route("/", get(async || "hello")).route("/slow", get(slow));
    let build = |config: Live<Config>, _| async move {
        let absent = config.now().absent;
        let check = move || if absent.is_empty() { Ok(()) } else { Err(absent.clone()) };
        Ok(Service::grpc("test", tonic::service::Routes::from(router), None)
            .ready_when("what it needs", move || Box::pin(std::future::ready(check()))))
    };
    kit_process::run::process("test", Port::grpc(0), mode, |reader| reader.read("TEST_"), build)
}
