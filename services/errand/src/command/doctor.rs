//! `errand doctor`
use std::process::ExitCode;

use errand::Config;
use kit_base::Clock;
use kit_db::{Db, Limits, Migration, examine};
use kit_process::{
    Secret,
    config::{Environment, load},
};

use super::{block_on, health::Options, say};

/// What was looked at, what was found, and what to do about it where that is not well.
type Finding = (String, Result<String, String>);

pub(crate) fn run(options: &Options) -> ExitCode {
    block_on(async {
        let mut findings = vec![];
        match load(&Environment::process(), Config::read) {
            Ok(loaded) => {
                findings.push(("configuration".to_owned(), Ok("can be used".to_owned())));
                findings.extend(examine_all(loaded.settings).await);
            }
            Err(faults) => {
                let faults = faults
                    .lines()
                    .iter()
                    .map(|fault| ("configuration".to_owned(), Err(fault.clone())));
                findings.extend(faults);
            }
        }
        print_findings(&findings);
        tell_of_the_process(options).await;
        let sound = findings.iter().all(|(_, found)| found.is_ok());
        Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

async fn examine_all(config: Config) -> Vec<Finding> {
    let Config { auth, tasks, gateway: _ } = config;
    let mut findings = examine_database("auth", &auth.database_url, auth::MIGRATIONS).await;
    findings.extend(examine_database("tasks", &tasks.database_url, tasks::MIGRATIONS).await);
    // What the service itself does at its start: it opens the stored keys.
    let schema_is_there = findings.iter().all(|(_, found)| found.is_ok());
    if schema_is_there {
        let auth = auth::Config { auto_migrate: Some(false), ..auth };
        let opened = auth::build(auth, Clock::system()).await;
        let found = opened.map(|_| "the KEK opens the signing keys".to_owned());
        let advice = "give the KEK (or KEK_FILE) that this database was first started with";
        findings.push(("keys".to_owned(), found.map_err(|error| format!("{error:#}; {advice}"))));
    }
    findings
}

async fn examine_database(
    service: &str,
    url: &Secret,
    migrations: &'static [Migration],
) -> Vec<Finding> {
    let named = |what: &str| format!("{service} {what}");
    let found = match Db::open(url.expose(), &Limits::default()) {
        Ok(db) => examine::all(&db, migrations, &Clock::system()).await,
        Err(error) => vec![("database", Err(format!("{error:#}")))],
    };
    found.into_iter().map(|(what, found)| (named(what), found)).collect()
}

fn print_findings(findings: &[Finding]) {
    for (what, found) in findings {
        match found {
            Ok(found) => say(&format!("ok      {what}: {found}")),
            Err(fault) => say(&format!("FAILED  {what}: {fault}")),
        }
    }
}

/// Whether it runs is no fault either way: a doctor may come before the start.
async fn tell_of_the_process(options: &Options) {
    match kit_process::run::health_of(options.admin_url.as_deref()).await {
        Ok(reply) if reply.status.is_success() => say("ok      process: it takes requests"),
        Ok(reply) => {
            say(&format!("note    process: it takes no requests yet:\n{}", reply.text().trim_end()))
        }
        Err(error) => say(&format!("note    process: none was asked: {error:#}")),
    }
}
