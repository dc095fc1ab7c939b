//! The auth service as a process of its own.
use std::process::ExitCode;

use kit::run::Port;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kit::run("auth", Port::grpc(50051), auth::build)
}
