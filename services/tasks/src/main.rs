//! The tasks service as a process of its own.
use std::process::ExitCode;

use kit_process::{config::Live, run::Port};
use kit_rpc::{channel, tls::Identity};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let build = async |settings: Live<tasks::Config>, clock| {
        let config = settings.now();
        let methods = channel::Methods { reads: proto::READS, streams: proto::STREAMS };
        let limits = channel::Limits { methods, ..channel::Limits::default() };
        let identity = Identity::in_folder(&config.tls_dir)?;
        let auth = channel::remote("auth", &config.auth_url, identity, limits)?;
        tasks::build(config, clock, tasks::Peers { auth }).await
    };
    kit_process::run::run_with_schema("tasks", Port::grpc(50052), build, tasks::migrate)
}
