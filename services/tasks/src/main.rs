//! The tasks service as a process of its own.
use std::process::ExitCode;

use kit::{channel, config::Live};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let build = async |settings: Live<tasks::Config>, clock| {
        let config = settings.now();
        let auth = channel::remote("auth", &config.auth_url, channel::Limits::default())?;
        tasks::build(config, clock, tasks::Peers { auth }).await
    };
    kit::run::run_with_schema("tasks", 50052, build, tasks::migrate)
}
