use std::{io::Write as _, process::ExitCode};

use super::command::say;
use crate::config;

/// What a process is asked to do with its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Serve until it is told to stop.
    Serve,
    /// Say whether the configuration can be used: exit code 0 or 64.
    CheckConfig,
    /// Show the configuration in effect, without secrets.
    PrintConfig,
}

/// What the arguments of a service ask for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Process(Mode),
    /// With the admin port to ask, unless it is the one of the configuration.
    Health(Option<String>),
    Migrate,
}

/// Reads the arguments of this process; an exit code when they leave nothing to do.
pub(super) fn from_arguments(name: &str, has_schema: bool) -> Result<Asked, ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--version"] = arguments.as_slice() {
        say(&format!("{name} {}", env!("CARGO_PKG_VERSION")));
        return Err(ExitCode::SUCCESS);
    }
    asked(&arguments, has_schema).ok_or_else(|| {
        let migrate = if has_schema { " | migrate" } else { "" };
        _ = writeln!(
            std::io::stderr(),
            "usage: {name} [health [--admin-url URL]{migrate} | --check-config | --print-config | --version]"
        );
        ExitCode::from(config::EXIT_CODE)
    })
}

fn asked(arguments: &[&str], has_schema: bool) -> Option<Asked> {
    Some(match arguments {
        [] => Asked::Process(Mode::Serve),
        ["--check-config"] => Asked::Process(Mode::CheckConfig),
        ["--print-config"] => Asked::Process(Mode::PrintConfig),
        ["health"] => Asked::Health(None),
        ["health", "--admin-url", url] => Asked::Health(Some((*url).to_owned())),
        ["health", url] => Asked::Health(Some(url.strip_prefix("--admin-url=")?.to_owned())),
        ["migrate"] if has_schema => Asked::Migrate,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_asked_for_one_thing() {
        assert_eq!(asked(&[], true), Some(Asked::Process(Mode::Serve)));
        assert_eq!(asked(&["health"], false), Some(Asked::Health(None)));
        for arguments in
            [&["health", "--admin-url", "http://a"][..], &["health", "--admin-url=http://a"]]
        {
            assert_eq!(asked(arguments, false), Some(Asked::Health(Some("http://a".to_owned()))));
        }
        for arguments in [&["health", "--admin-url"][..], &["--check-config", "health"], &["serve"]]
        {
            assert_eq!(asked(arguments, true), None, "{arguments:?}");
        }
    }

    #[test]
    fn only_a_service_with_a_schema_migrates() {
        assert_eq!(asked(&["migrate"], true), Some(Asked::Migrate));
        assert_eq!(asked(&["migrate"], false), None);
    }
}
