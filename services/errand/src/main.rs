//! The suite as one process, and what its operators need beside it.
mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kit_process::run::Mode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A task-management suite in one process. Settings are environment variables.
#[derive(Parser)]
#[command(name = "errand", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until told to stop (the default).
    Serve(command::serve::Options),
    /// Bring the schema of each database up to date.
    Migrate,
    /// Ask a running process whether it takes requests; for container probes.
    Health(command::health::Options),
    /// Check the configuration, the databases, the keys and the clock, and say what to do.
    Doctor(command::health::Options),
    /// Make a user with a realistic project, through the API of a running process.
    Demo(command::demo::Options),
    /// Try what everyone does through the API of a running process, as a new user: exit code 0 when all of it works.
    Smoke(command::smoke::Options),
    /// Judge a release by what Prometheus has counted: exit code 0 where it may go on, 1 where not, 2 where nobody can tell.
    Gate(command::gate::Options),
    /// Tell how the suite has been, by what Prometheus has counted: as text, Markdown, JSON, HTML, or to a chat.
    Report(command::report::Options),
    /// Look after the secrets of an installation on Kubernetes.
    #[command(subcommand)]
    Secrets(command::secrets::Command),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        None => command::serve::run(Mode::Serve),
        Some(Command::Serve(options)) => command::serve::run(options.mode()),
        Some(Command::Migrate) => command::migrate::run(),
        Some(Command::Health(options)) => command::health::run(&options),
        Some(Command::Doctor(options)) => command::doctor::run(&options),
        Some(Command::Demo(options)) => command::demo::run(options),
        Some(Command::Smoke(options)) => command::smoke::run(&options),
        Some(Command::Gate(options)) => command::gate::run(&options),
        Some(Command::Report(options)) => command::report::run(&options),
        Some(Command::Secrets(command)) => command::secrets::run(command),
    }
}
