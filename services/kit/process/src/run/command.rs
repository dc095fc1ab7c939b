//! A command: asked once, done, gone.
use std::{future::Future, io::Write as _, process::ExitCode};

/// What standard output gets, a line at a time. A reader that has left is no reason to stop.
pub fn say(line: &str) {
    _ = writeln!(std::io::stdout(), "{line}");
}

/// Runs a command of the program `name` to its end; an error is said on standard error.
pub fn command(name: &str, command: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome =
        runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(command));
    outcome.unwrap_or_else(|error| {
        _ = writeln!(std::io::stderr(), "{name}: {error:#}");
        ExitCode::FAILURE
    })
}
