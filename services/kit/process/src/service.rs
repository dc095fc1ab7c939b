//! What a service exports: a router, what it needs before it is ready, and what it does beside answering.
use std::{fmt, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use axum::body::Body;
use futures_util::future::{BoxFuture, join_all};
use http::Response;

use crate::{
    admin::Health,
    protocol::Protocol,
    unread::{Refuse, Unread},
};
use kit_base::{Stop, chance};
use kit_rpc::{
    channel::{self, GrpcChannel},
    layers,
    tls::Guard,
};

/// A job that runs beside the requests.
type Job = Box<dyn FnOnce(Stop) -> BoxFuture<'static, ()> + Send>;

/// What must be there before requests can be answered.
pub(crate) struct Check {
    name: &'static str,
    check: Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

/// A check that says nothing has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Seconds between two tries; the last one repeats.
pub(crate) const CHECK_DELAYS: [u64; 4] = [1, 2, 4, 8];

/// A service that is assembled but not yet served.
pub struct Service {
    pub(crate) name: &'static str,
    pub(crate) router: axum::Router,
    pub(crate) protocol: Protocol,
    pub(crate) guard: Option<Guard>,
    pub(crate) refuse: Option<Refuse>,
    pub(crate) checks: Vec<Check>,
    pub(crate) jobs: Vec<Job>,
}

impl Service {
    /// An edge: HTTP/1.1 and HTTP/2, with the layers that it brings.
    pub fn http(name: &'static str, router: axum::Router) -> Self {
        Self::of(name, router, Protocol::Http)
    }

    /// A gRPC service, inside the stack of `layers::server`.
    pub fn grpc(name: &'static str, routes: tonic::service::Routes) -> Self {
        Self::of(name, layers::server(routes), Protocol::Grpc)
    }

    fn of(name: &'static str, router: axum::Router, protocol: Protocol) -> Self {
        Self { name, router, protocol, guard: None, refuse: None, checks: vec![], jobs: vec![] }
    }

    /// Answers what is no HTTP/1 request that can be read, for which no route can be asked. The body must be there at once.
    #[must_use]
    pub fn refusing_unread(
        mut self,
        refuse: impl Fn(Unread, SocketAddr) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        self.refuse = Some(Arc::new(refuse));
        self
    }

    /// Holds readiness back until `check` has passed once; it is tried again after 1, 2, 4 and then every 8 s.
    #[must_use]
    pub fn ready_when(
        mut self,
        name: &'static str,
        check: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push(Check { name, check: Box::new(check) });
        self
    }

    /// Runs `job` while the service is served. It is told to stop when no more requests are accepted, and waited for.
    #[must_use]
    pub fn job<F>(
        mut self,
        name: &'static str,
        job: impl FnOnce(Stop) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.jobs.push(Box::new(move |stop: Stop| {
            let ends_early = stop.clone();
            let job = job(stop);
            Box::pin(async move {
                job.await;
                if !ends_early.is_cancelled() {
                    tracing::warn!(job = name, "a job has ended before it was told to");
                }
            })
        }));
        self
    }

    /// Serves only those whom `guard` lets in, over TLS; [`Self::channel`] is not its business.
    #[must_use]
    pub fn guarded_by(mut self, guard: Guard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Takes over the checks and jobs of services that are called in process, not their routes.
    #[must_use]
    pub fn together_with(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        for Self { name: _, router: _, protocol: _, guard: _, refuse: _, checks, jobs } in others {
            self.checks.extend(checks);
            self.jobs.extend(jobs);
        }
        self
    }

    /// The same service, called without a socket.
    pub fn channel(&self) -> GrpcChannel {
        channel::local(self.router.clone())
    }

    /// The name that logs and metrics give it.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks: Vec<_> = self.checks.iter().map(|check| check.name).collect();
        f.debug_struct("Service")
            .field("name", &self.name)
            .field("checks", &checks)
            .finish_non_exhaustive()
    }
}

/// Makes `health` ready once every check has passed.
pub(crate) async fn wait_for(checks: Vec<Check>, health: Arc<Health>) {
    health.expect(checks.iter().map(|check| check.name));
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
    use crate::admin::Phase;

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
