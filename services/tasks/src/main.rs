//! The tasks service as a process of its own.
use std::process::ExitCode;

use kit::{channel, run::Port, tls::Identity};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kit::run("tasks", Port::grpc(50052), async |config: tasks::Config, clock| {
        let (identity, limits) = (Identity::of(&config.tls_dir)?, channel::Limits::default());
        let auth = channel::remote("auth", &config.auth_url, identity, limits)?;
        tasks::build(config, clock, tasks::Peers { auth }).await
    })
}
