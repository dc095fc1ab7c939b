//! The client side of gRPC: one type reaches a service over the network or in this process, and both ways keep the same
//! promises. What a call goes through stands in [`over_network`] and [`in_process`], outermost first.
mod answer;
mod attempt;
mod balancer;
mod call;
mod connect;
mod deadline;
mod endpoint;
mod failure;
mod flight;
mod headers;
mod here;
mod latency;
mod limits;
mod link;
mod record;
mod resolver;
mod retry;
mod target;
mod upkeep;
mod vacancies;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use kit_base::switches;
use tonic::{Status, body::Body};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use self::{balancer::Balancer, call::Call, deadline::Deadline, endpoint::Peer};
pub(crate) use self::{
    deadline::{GRPC_TIMEOUT, parse},
    record::code,
};
pub use self::{
    here::Here,
    limits::{Limits, MESSAGE, Methods},
    target::faults,
};
use crate::tls::Identity;

/// A way to reach a gRPC service; the generated peers and clients stand on it. A clone shares connections with its original.
#[derive(Clone, Debug)]
pub struct GrpcChannel {
    bytes: BoxCloneSyncService<Request<Body>, Response<Body>, Status>,
    here: Option<Arc<Here>>,
}

impl GrpcChannel {
    /// The service `T`, where it is one of this process: it is called without bytes on the way.
    pub fn here<T: 'static>(&self) -> Option<(&Here, &T)> {
        let here = self.here.as_deref()?;
        Some((here, here.service()?))
    }

    /// The same, by which services of this process are found, too.
    pub(crate) fn with_here(self, here: Here) -> Self {
        Self { here: Some(Arc::new(here)), ..self }
    }
}

impl Service<Request<Body>> for GrpcChannel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.bytes.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.bytes.call(request)
    }
}

/// The channel to a service of this process, with the deadline, the headers and the metrics of a remote one.
pub fn local<S>(service: S) -> GrpcChannel
where
    S: Service<
            Request<axum::body::Body>,
            Response = Response<axum::body::Body>,
            Error = Infallible,
            Future: Send,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    of_bytes(move |request| in_process(service.clone(), request))
}

fn of_bytes<F>(call: impl Fn(Request<Body>) -> F + Clone + Send + Sync + 'static) -> GrpcChannel
where
    F: Future<Output = Result<Response<Body>, Status>> + Send + 'static,
{
    GrpcChannel { bytes: BoxCloneSyncService::new(tower::service_fn(call)), here: None }
}

/// The channel to the service `name` at `url`: `http://host:port`, or several of them with commas between. With `https` the
/// peer has to prove that it is the host of the URL, and this process shows itself as `identity`.
///
/// Each host stands for all addresses its name has, and they are looked up again as [`Limits::resolve`] says. Must be
/// called within a Tokio runtime. Nothing is connected before the first call, so a peer that is not there is no error
/// here. Requests carry one message: unary calls and streams of answers, not streams of requests.
///
/// # Errors
/// When `url` is not of that form, or `https` without an identity.
pub fn remote(
    name: &'static str,
    url: &str,
    identity: Option<Arc<Identity>>,
    limits: Limits,
) -> anyhow::Result<GrpcChannel> {
    let targets = target::targets(url)?;
    let plain = targets.iter().all(|target| target.server.is_none());
    anyhow::ensure!(plain || identity.is_some(), "{url}: https needs TLS_DIR");
    crate::metrics::begin_client_retries(name, retry::REASONS);
    kit_base::metrics::dependency_up(name, false);
    switches::offer([switches::Place::Dependency(name.to_owned())]);
    let balancer = Arc::new(Balancer::new(Peer::new(name, identity, limits)));
    resolver::start(&balancer, targets);
    Ok(of_bytes(move |request| over_network(balancer.clone(), request)))
}

async fn over_network(
    balancer: Arc<Balancer>,
    mut request: Request<Body>,
) -> Result<Response<Body>, Status> {
    // Outermost: it counts what the caller saw, one call however often it was sent.
    let record = record::Call::begin(balancer.name(), request.uri());
    // Once a call; where steps are noted, each attempt says in which of them the peer's own stands.
    headers::carry(request.headers_mut());
    // Above the retry: all attempts and the pauses between them share the time that the caller gave.
    let deadline = Deadline::for_call(request.headers(), deadline::HOP);
    let sending = async {
        let place = || switches::Place::Dependency(balancer.name().to_owned());
        if switches::strike(place).await.is_some() {
            let name = balancer.name();
            return Err(failure::unavailable(format!("{name} is switched off by an operator")));
        }
        // Read before anything is sent: what may have to be sent again must be whole.
        let call = Call::read(request, deadline, balancer.limits()).await?;
        // Sends again what is safe to send again. Below it, for each attempt: the balancer picks an endpoint, which lets
        // in as many calls as its limit says, onto its connection.
        retry::send(&balancer, &call).await
    };
    record.end(deadline.bound(sending).await)
}

async fn in_process<S>(service: S, mut request: Request<Body>) -> Result<Response<Body>, Status>
where
    S: Service<
            Request<axum::body::Body>,
            Response = Response<axum::body::Body>,
            Error = Infallible,
        >,
{
    // The same order as above, for the same reasons; nothing is lost on the way, so nothing is sent again, and what the other side counts
    // is what is seen here.
    headers::carry(request.headers_mut());
    let deadline = Deadline::for_call(request.headers(), Duration::ZERO);
    deadline.write(request.headers_mut());
    let answering = async {
        let Ok(response) = service.oneshot(request.map(axum::body::Body::new)).await;
        Ok(response.map(Body::new))
    };
    deadline.bound(answering).await
}
