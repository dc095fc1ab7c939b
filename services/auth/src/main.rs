//! The auth service as a process of its own.
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kit::run::run_with_schema("auth", 50051, auth::build, auth::migrate)
}
