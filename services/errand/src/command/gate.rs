//! `errand gate`: whether a release may go on, by what Prometheus has counted.
use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use tokio::time::Instant;

use self::{
    checks::Bounds,
    verdict::{Finding, Verdict},
};
use super::{
    block_on,
    period::{self, Period},
    prometheus::{Prometheus, Source},
    say,
    scope::Scope,
};

mod checks;
mod compare;
mod file;
mod verdict;

/// How often it looks again while it waits for traffic.
const PAUSE: Duration = Duration::from_secs(10);

/// What is asked for, and of whom. Shares are parts of 1, times are in seconds.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    source: Source,
    /// The release to judge, as `errand_build_info` names it; all that run when left out.
    #[arg(long, conflicts_with = "compare")]
    version: Option<String>,
    /// Judges the second release beside the first: whether it fails or is slow more often, as surely as the traffic allows.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    compare: Option<Vec<String>>,
    /// The time that is looked at, until now.
    #[arg(long, default_value = "5m", value_parser = period::parse)]
    window: Period,
    /// Fewer requests say nothing.
    #[arg(long, default_value_t = 100.0)]
    min_requests: f64,
    /// How long to wait for that many.
    #[arg(long, default_value_t = 0)]
    wait_seconds: u64,
    #[command(flatten)]
    bounds: Bounds,
    /// How much more often than the old release the new one may fail, or be slow.
    #[arg(long, default_value_t = 0.005)]
    max_difference: f64,
    /// A file of more checks, in TOML: `[[check]]` with `name`, `query`, and `at_most` or `at_least`.
    #[arg(long)]
    file: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    block_on(async {
        let verdict = match judge(options).await {
            Ok(findings) => {
                for Finding { verdict, text } in &findings {
                    say(&format!("{} {text}", verdict.word()));
                }
                findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Unknown)
            }
            Err(error) => {
                say(&format!("{} {error:#}", Verdict::Unknown.word()));
                Verdict::Unknown
            }
        };
        say(match verdict {
            Verdict::Pass => "The release may go on",
            Verdict::Fail => "The release must not go on",
            Verdict::Unknown => "Nobody can tell whether the release may go on",
        });
        Ok(verdict.exit_code())
    })
}

async fn judge(options: &Options) -> anyhow::Result<Vec<Finding>> {
    let own = options.file.as_deref().map(file::read).transpose()?.unwrap_or_default();
    let prometheus = options.source.open()?;
    let matcher = options.source.matcher();
    let scope = |version| Scope::new(&matcher, version, &options.window);
    let (mut findings, checks) = match options.compare.as_deref() {
        Some([old, new]) => {
            let scopes = [scope(Some(old)), scope(Some(new))];
            let mut findings = vec![];
            for scope in &scopes {
                findings.push(traffic(&prometheus, scope, options).await?);
            }
            findings.extend(compare::findings(&prometheus, &scopes, options.max_difference).await?);
            (findings, vec![])
        }
        _ => {
            let scope = scope(options.version.as_ref());
            let traffic = traffic(&prometheus, &scope, options).await?;
            (vec![traffic], checks::standard(&scope, &options.bounds))
        }
    };
    // Of too little traffic shares say nothing; what a file asks may well.
    let enough = findings.iter().all(|finding| finding.verdict != Verdict::Unknown);
    for check in checks.into_iter().filter(|_| enough).chain(own) {
        findings.push(match prometheus.number(&check.query).await {
            Ok(found) => check.finding(found),
            // What was found already stands: a fault outweighs what nobody can tell.
            Err(error) => {
                Finding { verdict: Verdict::Unknown, text: format!("{}: {error:#}", check.name) }
            }
        });
    }
    Ok(findings)
}

/// Waits until there are requests enough to judge by.
async fn traffic(
    prometheus: &Prometheus,
    scope: &Scope,
    options: &Options,
) -> anyhow::Result<Finding> {
    let until = Instant::now() + Duration::from_secs(options.wait_seconds);
    loop {
        let requests = prometheus.number(&scope.requests()).await?.unwrap_or_default();
        let enough = requests >= options.min_requests;
        if enough || Instant::now() >= until {
            let verdict = if enough { Verdict::Pass } else { Verdict::Unknown };
            let (window, least) = (&options.window, options.min_requests);
            let of =
                scope.version.as_ref().map_or_else(String::new, |version| format!(" of {version}"));
            let text = format!("requests{of}: {requests:.0} within {window} (at least {least})");
            return Ok(Finding { verdict, text });
        }
        tokio::time::sleep_until((Instant::now() + PAUSE).min(until)).await;
    }
}
