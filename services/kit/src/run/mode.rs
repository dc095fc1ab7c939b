use std::{io::Write as _, process::ExitCode};

use crate::config;

/// What a process is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Serve until it is told to stop.
    Serve,
    /// Say whether the configuration can be used: exit code 0 or 64.
    CheckConfig,
    /// Show the configuration in effect, without secrets.
    PrintConfig,
}

/// Reads the arguments of this process; an exit code when they leave nothing to do.
pub(super) fn from_arguments(name: &str) -> Result<Mode, ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => Ok(Mode::Serve),
        ["--check-config"] => Ok(Mode::CheckConfig),
        ["--print-config"] => Ok(Mode::PrintConfig),
        ["--version"] => {
            _ = writeln!(std::io::stdout(), "{name} {}", env!("CARGO_PKG_VERSION"));
            Err(ExitCode::SUCCESS)
        }
        _ => {
            _ = writeln!(
                std::io::stderr(),
                "usage: {name} [--check-config | --print-config | --version]"
            );
            Err(ExitCode::from(config::EXIT_CODE))
        }
    }
}
