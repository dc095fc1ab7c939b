//! `errand health`
use std::process::ExitCode;

use clap::Args;

/// Which process to ask.
#[derive(Args)]
pub(crate) struct Options {
    /// Its admin port; the one that ADMIN_LISTEN names by default.
    #[arg(long, value_name = "URL")]
    pub(super) admin_url: Option<String>,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    kit_process::run::health("errand", options.admin_url.as_deref())
}
