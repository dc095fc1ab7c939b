//! The edge as a process of its own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    kit_process::run("gateway", 8080, gateway::build_remote)
}
