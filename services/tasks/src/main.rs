//! The tasks service as a process of its own.
use std::process::ExitCode;

use kit::channel;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let build = async |config: tasks::Config, clock| {
        let auth = channel::remote("auth", &config.auth_url, channel::Limits::default())?;
        tasks::build(config, clock, tasks::Peers { auth }).await
    };
    kit::run::run_with_schema("tasks", 50052, build, tasks::migrate)
}
