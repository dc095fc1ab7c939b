//! Writes what follows from what the code declares, or says where it does not follow any more: `cargo run -p xtask -- write`, or `check`.
//!
//! From the catalogue of metrics, `xtask/slos.toml`, `xtask/alerts` and `xtask/boards` come docs/metrics.md, docs/runbooks, the rules and
//! dashboards of the chart, and those for who has no chart; from the contracts the services that its route for gRPC names.
mod alerts;
mod boards;
mod catalogue;
mod expression;
mod files;
mod go_grpc;
mod metrics_page;
mod promtool;
mod rules;
mod runbooks;
mod services;
mod slos;
mod yaml;

use std::process::ExitCode;

use crate::{catalogue::Catalogue, files::Files};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let outcome = match (arguments.next().as_deref(), arguments.next()) {
        (Some("write"), None) => generate().and_then(|files| files.write()),
        (Some("check"), None) => generate().and_then(|files| files.check()),
        _ => Err(anyhow::anyhow!("usage: cargo run -p xtask -- write|check")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Everything that is written, from sources that say nothing which is not so.
fn generate() -> anyhow::Result<Files> {
    let mut catalogue = Catalogue::new();
    let slos = slos::read(&mut catalogue)?;
    let alerts = alerts::read(&catalogue, &slos)?;
    let boards = boards::read(&catalogue)?;
    let mut files = Files::default();
    metrics_page::add(&mut files)?;
    runbooks::add(&mut files, &alerts, &boards)?;
    rules::add(&mut files, &slos, &alerts);
    promtool::add(&mut files, &alerts);
    go_grpc::add(&mut files);
    slos::add(&mut files, &slos);
    boards::add(&mut files, &boards)?;
    services::add(&mut files)?;
    Ok(files)
}
