//! The subcommands.
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod gate;
pub(crate) mod health;
pub(crate) mod migrate;
mod period;
mod prometheus;
pub(crate) mod report;
pub(crate) mod secrets;
pub(crate) mod serve;
pub(crate) mod smoke;

use std::{future::Future, process::ExitCode};

use kit_process::run::say;

/// Runs a command to its end; an error is said on standard error.
fn block_on(command: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    kit_process::run::command("errand", command)
}
