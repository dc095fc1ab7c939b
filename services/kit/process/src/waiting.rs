//! What must be there before requests can be answered, and how it is waited for.
use std::{convert::Infallible, error::Error, fmt, sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, join_all};
use kit_base::{chance, outage::Outage};

use crate::admin::Health;

/// A check that says nothing has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a check that is under way is asked what it knows.
const TELLING: Duration = Duration::from_millis(100);

/// Seconds between the tries at start; the last one is the longest pause, and repeats.
pub(crate) const CHECK_DELAYS: [u64; 4] = [1, 2, 4, 8];

/// What a process exits with when what it depends on did not come: `EX_UNAVAILABLE` of sysexits.h.
pub(crate) const EXIT_CODE: u8 = 69;

/// What was waited for in vain, each with what its last try met.
#[derive(Debug)]
pub(crate) struct InVain(String);

impl fmt::Display for InVain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for InVain {}

/// Whether something that is needed is there.
pub(crate) struct Check {
    name: &'static str,
    check: Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
    trouble: Box<dyn Fn() -> Option<String> + Send + Sync>,
}

impl Check {
    pub(crate) fn new(
        name: &'static str,
        check: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) -> Self {
        Self { name, check: Box::new(check), trouble: Box::new(|| None) }
    }

    /// Tells by `trouble`, while it is under way, what keeps it from passing.
    pub(crate) fn told_by(
        self,
        trouble: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self { trouble: Box::new(trouble), ..self }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    async fn outcome(&self, health: &Health) -> Result<(), String> {
        tokio::select! {
            outcome = tokio::time::timeout(CHECK_TIMEOUT, (self.check)()) => {
                outcome.unwrap_or_else(|_| Err("no answer in 5 s".to_owned()))
            }
            never = self.log_progress(health) => match never {},
        }
    }

    /// Keeps `health` up to date with what is known while no outcome is.
    async fn log_progress(&self, health: &Health) -> Infallible {
        loop {
            tokio::time::sleep(TELLING).await;
            if let Some(fault) = (self.trouble)() {
                health.failed(self.name, fault);
            }
        }
    }
}

/// Makes `health` ready; ends when that was waited for in vain, and only then.
pub(crate) async fn in_vain(checks: Vec<Check>, health: Arc<Health>, longest: Duration) -> InVain {
    match wait_for(checks, health, longest).await {
        Err(in_vain) => in_vain,
        Ok(()) => std::future::pending().await,
    }
}

/// Makes `health` ready once every check has passed.
///
/// # Errors
/// When they have not within `longest`; 0 waits for ever.
async fn wait_for(
    checks: Vec<Check>,
    health: Arc<Health>,
    longest: Duration,
) -> Result<(), InVain> {
    health.expect(checks.iter().map(Check::name));
    let all = join_all(checks.iter().map(|check| passes(check, &health)));
    let longest = if longest.is_zero() { Duration::MAX } else { longest };
    if tokio::time::timeout(longest, all).await.is_err() {
        let missing = health
            .checks()
            .into_iter()
            .filter_map(|(name, outcome)| outcome.err().map(|fault| format!("{name}: {fault}")));
        let missing = missing.collect::<Vec<_>>().join("; ");
        return Err(InVain(format!("not ready within {} s: {missing}", longest.as_secs())));
    }
    health.ready();
    Ok(())
}

/// Tries until the check passes: each of the tries at start is told of when it fails, and then only now and again.
async fn passes(check: &Check, health: &Health) {
    let mut outage = None;
    for attempt in 1.. {
        let Err(fault) = check.outcome(health).await else {
            if let Some(outage) = outage {
                passed_late(check, attempt, &outage);
            }
            return health.passed(check.name);
        };
        let outage = outage.get_or_insert_with(Outage::begin);
        let pause = pause_after(attempt);
        failed(check, &fault, attempt, pause, outage);
        health.failed(check.name, fault);
        tokio::time::sleep(pause).await;
    }
}

fn pause_after(attempt: usize) -> Duration {
    let [.., longest] = CHECK_DELAYS;
    let seconds = CHECK_DELAYS.get(attempt - 1).copied().unwrap_or(longest);
    chance::around(Duration::from_secs(seconds))
}

fn failed(check: &Check, fault: &str, attempt: usize, pause: Duration, outage: &mut Outage) {
    let tries = CHECK_DELAYS.len() + 1;
    let (check, waited_seconds) = (check.name, outage.lasted().as_secs());
    let retry_in_seconds = (pause.as_secs_f64() * 10.0).round() / 10.0;
    if attempt < tries {
        tracing::warn!(check, fault, attempt, tries, retry_in_seconds, "not ready yet");
    } else if attempt == tries {
        tracing::warn!(
            check,
            fault,
            attempt,
            tries,
            retry_in_seconds,
            "not ready at any of the first tries: this process takes no requests, and goes on waiting"
        );
    } else if outage.reminds() {
        tracing::warn!(check, fault, attempt, retry_in_seconds, waited_seconds, "still not ready");
    } else {
        tracing::debug!(check, fault, attempt, retry_in_seconds, waited_seconds, "still not ready");
    }
}

fn passed_late(check: &Check, attempt: usize, outage: &Outage) {
    let waited_seconds = outage.lasted().as_secs();
    tracing::info!(check = check.name, attempt, waited_seconds, "it was waited for, and is there");
}

#[cfg(test)]
mod tests;
