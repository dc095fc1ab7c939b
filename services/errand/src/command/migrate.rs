//! `errand migrate`
use std::process::ExitCode;

use errand::Config;
use kit_process::{
    config::{Environment, load},
    run::migrate,
};

use super::block_on;

pub(crate) fn run() -> ExitCode {
    let Config { auth, tasks, gateway: _ } = match load(&Environment::process(), Config::read) {
        Ok(loaded) => loaded.settings,
        Err(faults) => return kit_process::run::refuse("errand", &faults),
    };
    block_on(async {
        migrate("auth", async || auth::migrate(&auth).await).await?;
        migrate("tasks", async || tasks::migrate(&tasks).await).await?;
        Ok(ExitCode::SUCCESS)
    })
}
