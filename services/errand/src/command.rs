//! The subcommands.
pub(crate) mod demo;
pub(crate) mod doctor;
mod figures;
pub(crate) mod gate;
pub(crate) mod health;
pub(crate) mod migrate;
mod period;
mod prometheus;
pub(crate) mod report;
mod scope;
pub(crate) mod secrets;
pub(crate) mod serve;
pub(crate) mod smoke;

use std::{fs, future::Future, path::Path, process::ExitCode};

use anyhow::Context as _;

use kit_process::run::say;

/// Runs a command to its end; an error is said on standard error.
fn block_on(command: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    kit_process::run::command("errand", command)
}

/// The text of a file that an operator names.
fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}
