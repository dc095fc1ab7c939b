//! What a service exports: a router, what it needs before it is ready, and what it does beside answering.
use std::{fmt, future::Future, net::SocketAddr, sync::Arc};

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::Response;

use crate::{
    protocol::Protocol,
    unread::{Refuse, TurnAway, Unread},
    waiting::Check,
};
use kit_base::Stop;
use kit_rpc::{
    Services,
    channel::{self, GrpcChannel},
    layers,
    tls::Guard,
    token::Verifier,
};

/// A job that runs beside the requests.
pub(crate) type Job = Box<dyn FnOnce(Stop) -> BoxFuture<'static, ()> + Send>;

/// A service that is assembled but not yet served.
pub struct Service {
    pub(crate) name: &'static str,
    pub(crate) router: axum::Router,
    pub(crate) channel: GrpcChannel,
    pub(crate) protocol: Protocol,
    pub(crate) guard: Option<Guard>,
    pub(crate) refuse: Option<Refuse>,
    pub(crate) turn_away: Option<TurnAway>,
    pub(crate) checks: Vec<Check>,
    pub(crate) jobs: Vec<Job>,
}

impl Service {
    /// An edge: HTTP/1.1 and HTTP/2, with the layers that it brings.
    pub fn http(name: &'static str, router: axum::Router) -> Self {
        let channel = channel::local(router.clone());
        Self::assemble(name, router, channel, Protocol::Http)
    }

    /// A gRPC service, inside the stack of `layers::server`; a `verifier` checks the tokens of its callers.
    pub fn grpc(
        name: &'static str,
        services: impl Into<Services>,
        verifier: Option<Arc<Verifier>>,
    ) -> Self {
        let (stack, channel) = layers::server(services.into(), verifier);
        let router = axum::Router::new().fallback_service(stack);
        Self::assemble(name, router, channel, Protocol::Grpc)
    }

    fn assemble(
        name: &'static str,
        router: axum::Router,
        channel: GrpcChannel,
        protocol: Protocol,
    ) -> Self {
        let (guard, refuse, turn_away, checks, jobs) = Default::default();
        Self { name, router, channel, protocol, guard, refuse, turn_away, checks, jobs }
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

    /// Asks `turn_away` about each request of HTTP/1, with all the bytes that have come, before it is read: what there is no place for is
    /// refused for a fraction of the work. `serve::whole` reads the bytes. The answer's body must be there at once.
    #[must_use]
    pub fn turning_away(
        mut self,
        turn_away: impl Fn(&[u8], SocketAddr) -> Option<Response<Body>> + Send + Sync + 'static,
    ) -> Self {
        self.turn_away = Some(Arc::new(turn_away));
        self
    }

    /// Holds readiness back until `check` has passed once; it is tried again after 1, 2, 4 and then each 8 s, for as long as
    /// `STARTUP_TIMEOUT` says, and the log says how it goes.
    #[must_use]
    pub fn ready_when(
        mut self,
        name: &'static str,
        check: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push(Check::new(name, check));
        self
    }

    /// The same with `trouble`, which tells while the check is under way what keeps it from passing, as far as is known.
    #[must_use]
    pub fn ready_when_told(
        mut self,
        name: &'static str,
        trouble: impl Fn() -> Option<String> + Send + Sync + 'static,
        check: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push(Check::new(name, check).told_by(trouble));
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
        for Self {
            name: _,
            router: _,
            channel: _,
            protocol: _,
            guard: _,
            refuse: _,
            turn_away: _,
            checks,
            jobs,
        } in others
        {
            self.checks.extend(checks);
            self.jobs.extend(jobs);
        }
        self
    }

    /// The same service, called without a socket.
    pub fn channel(&self) -> GrpcChannel {
        self.channel.clone()
    }

    /// The name that logs and metrics give it.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks: Vec<_> = self.checks.iter().map(Check::name).collect();
        f.debug_struct("Service")
            .field("name", &self.name)
            .field("checks", &checks)
            .finish_non_exhaustive()
    }
}
