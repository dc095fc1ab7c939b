//! The auth service as a process of its own.
use std::process::ExitCode;

use kit_process::{config::Live, run::Port};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let build =
        async |settings: Live<auth::Config>, clock| auth::build(settings.now(), clock).await;
    kit_process::run::run_with_schema("auth", Port::grpc(50051), build, auth::migrate)
}
