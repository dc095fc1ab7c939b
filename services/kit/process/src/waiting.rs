//! What must be there before requests can be answered, and how it is waited for.
use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, join_all};
use kit_base::chance;

use crate::admin::Health;

/// What must be there before requests can be answered.
pub(crate) struct Check {
    name: &'static str,
    check: Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

impl Check {
    pub(crate) fn new(
        name: &'static str,
        check: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) -> Self {
        Self { name, check: Box::new(check) }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

/// A check that says nothing has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Seconds between two tries; the last one repeats.
pub(crate) const CHECK_DELAYS: [u64; 4] = [1, 2, 4, 8];

/// Makes `health` ready once every check has passed.
pub(crate) async fn wait_for(checks: Vec<Check>, health: Arc<Health>) {
    health.expect(checks.iter().map(Check::name));
    join_all(checks.iter().map(|check| passes(check, &health))).await;
    health.ready();
}

async fn passes(Check { name, check }: &Check, health: &Health) {
    let delays = CHECK_DELAYS.iter().chain(std::iter::repeat(&8));
    for seconds in delays {
        let outcome = tokio::time::timeout(CHECK_TIMEOUT, check()).await;
        let Err(fault) = outcome.unwrap_or_else(|_| Err("no answer in 5 s".to_owned())) else {
            return health.passed(name);
        };
        tracing::warn!(check = name, fault, retry_in_seconds = seconds, "not ready yet");
        health.failed(name, fault);
        tokio::time::sleep(chance::around(Duration::from_secs(*seconds))).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::{admin::Phase, service::Service};

    #[tokio::test(start_paused = true)]
    async fn a_dependency_that_comes_late_is_waited_for() {
        let (tries, health) = (Arc::new(AtomicU32::new(0)), Health::new());
        let tried = tries.clone();
        let service =
            Service::http("test", axum::Router::new()).ready_when("database", move || {
                let there = tried.fetch_add(1, Ordering::SeqCst) >= 6;
                Box::pin(async move { if there { Ok(()) } else { Err("refused".to_owned()) } })
            });
        let waiting = kit_base::work::detach(wait_for(service.checks, health.clone()));
        // Six tries fail: 1 + 2 + 4 + 8 + 8 + 8 s, each up to 20 % shorter or longer.
        tokio::time::sleep(Duration::from_secs(24)).await;
        assert_eq!(health.phase(), Phase::Starting);
        assert_eq!(health.checks()["database"], Err("refused".to_owned()));
        tokio::time::sleep(Duration::from_secs(14)).await;
        waiting.await.unwrap();
        assert_eq!((health.phase(), tries.load(Ordering::SeqCst)), (Phase::Ready, 7));
        assert_eq!(health.checks()["database"], Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_counts_as_failed() {
        let health = Health::new();
        let service = Service::http("test", axum::Router::new())
            .ready_when("peer", || Box::pin(std::future::pending()));
        drop(kit_base::work::detach(wait_for(service.checks, health.clone())));
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(health.checks()["peer"], Err("no answer in 5 s".to_owned()));
    }
}
