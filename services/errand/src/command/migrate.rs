//! `errand migrate`
use std::process::ExitCode;

use errand::Config;
use kit::config::{Environment, load};

use super::{block_on, say};

pub(crate) fn run() -> ExitCode {
    let Config { auth, tasks, gateway: _ } = match load(&Environment::process(), Config::read) {
        Ok(loaded) => loaded.settings,
        Err(faults) => return kit::run::refuse("errand", &faults),
    };
    block_on(async {
        auth::migrate(&auth).await?;
        say("auth: the schema is up to date");
        tasks::migrate(&tasks).await?;
        say("tasks: the schema is up to date");
        Ok(ExitCode::SUCCESS)
    })
}
