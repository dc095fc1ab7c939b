//! Which endpoint gets a call. Own code instead of tower's balancer, for the reasons in docs/adr/0003-own-balancer.md.
use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use http::Response;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Code, body::Body};
use tower::retry::budget::TpsBudget;

use super::{
    answer::Answer,
    attempt,
    call::{Call, Length},
    endpoint::{Endpoint, Peer},
    failure::Failure,
    flight::Flight,
    limits::Limits,
    record,
    target::Addresses,
    upkeep,
};
use kit_base::{
    chance,
    error::chain,
    request,
    steps::{Doing, Kind},
    trace::TraceContext,
};

/// A wait for a place that is no step of its own.
const SHORT: Duration = Duration::from_millis(1);

/// What lasts waits no longer than this for a place: those who have one keep it.
const FULL: Duration = Duration::from_millis(300);

/// The endpoints of a peer.
#[derive(Debug)]
pub(crate) struct Balancer {
    peer: Arc<Peer>,
    endpoints: ArcSwap<Vec<Arc<Endpoint>>>,
    /// Whether the first look-up is over: before that, calls wait for it.
    resolved: AtomicBool,
    /// Held while it is decided whether one more endpoint may be ejected.
    ejecting: Mutex<()>,
    /// What may be sent again because it was lost.
    pub(crate) lost: TpsBudget,
    /// What may be sent again because its peer refused it, or took too long: one caller can bring that about, who must not use up what the
    /// losses of all others need. A quarter of what there is.
    pub(crate) refused: TpsBudget,
    resolver: OnceLock<AbortOnDropHandle<()>>,
}

impl Balancer {
    /// A balancer without an endpoint: a resolver has to tell it of them.
    pub(crate) fn new(peer: Peer) -> Self {
        let Limits { retries_per_second, retry_share, .. } = peer.limits;
        // A second, not the customary ten: a burst of failures is then bounded by the same figures as a long outage.
        let budget = |per_second, share| TpsBudget::new(Duration::from_secs(1), per_second, share);
        let few = (retries_per_second / 4).max(1);
        let many = (retries_per_second - retries_per_second / 4).max(1);
        Self {
            endpoints: ArcSwap::default(),
            resolved: AtomicBool::new(false),
            ejecting: Mutex::new(()),
            lost: budget(many, retry_share * 0.75),
            refused: budget(few, retry_share * 0.25),
            resolver: OnceLock::new(),
            peer: Arc::new(peer),
        }
    }

    /// Keeps what follows the addresses: it ends with the balancer.
    pub(crate) fn keep_resolver(&self, resolver: AbortOnDropHandle<()>) {
        self.resolver.set(resolver).expect("a balancer has one resolver");
    }

    pub(crate) fn name(&self) -> &'static str {
        self.peer.name
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.peer.limits
    }

    pub(crate) fn peer(&self) -> &Arc<Peer> {
        &self.peer
    }

    /// Takes in what a look-up found. An endpoint that is gone gets no new calls; those under way go on.
    pub(crate) fn replace(&self, addresses: Addresses) {
        let old = self.endpoints.load();
        let endpoint = |(address, target)| match old
            .iter()
            .find(|endpoint| endpoint.address == address)
        {
            Some(endpoint) => endpoint.clone(),
            None => Arc::new(Endpoint::new(address, target, self.peer.clone(), !old.is_empty())),
        };
        self.endpoints.store(Arc::new(addresses.into_iter().map(endpoint).collect()));
        self.settle();
    }

    /// A look-up failed: what was known stays.
    pub(crate) fn unresolved(&self, cause: &str) {
        tracing::warn!(peer = self.peer.name, cause, "addresses cannot be looked up");
        self.peer.note(format!("addresses cannot be looked up: {cause}"));
        self.settle();
    }

    fn settle(&self) {
        self.resolved.store(true, Ordering::Release);
        self.peer.vacancies.tell_all();
    }

    /// Sends the call once, not to `last` if there is another; `last` is then the endpoint that got it.
    pub(crate) async fn attempt(
        &self,
        call: &Call,
        last: &mut Option<SocketAddr>,
    ) -> Result<Response<Body>, Failure> {
        let wait = request::begin(Kind::Internal, || ("rpc.connection.wait".into(), vec![]));
        let boarded = self.board(call.length, *last).await;
        if let Some(wait) = wait {
            wait.end_if_long(boarded.is_err(), SHORT);
        }
        let flight = boarded?;
        let endpoint = flight.endpoint.clone();
        *last = Some(endpoint.address);
        let attempt = attempt::begin(call.path(), endpoint.address);
        let outcome = self.send(call, flight, attempt.as_ref().and_then(Doing::trace)).await;
        attempt::end(attempt, &outcome);
        outcome
    }

    /// Sends the call on a connection of its own, as the step `trace` where that is noted.
    async fn send(
        &self,
        call: &Call,
        flight: Flight,
        trace: Option<TraceContext>,
    ) -> Result<Response<Body>, Failure> {
        let endpoint = flight.endpoint.clone();
        let connection = upkeep::connection(&flight.link, &endpoint).await;
        let mut connection = connection.ok_or(Failure::Unsent)?;
        let sent = Instant::now();
        let end = sent
            .checked_add(call.patience)
            .map_or(call.deadline.at, |end| end.min(call.deadline.at));
        let answering = async {
            let response = connection.try_send_request(call.attempt(&endpoint.target, trace)).await;
            let (head, body) = response.map_err(|failed| Failure::from_send(&failed))?.into_parts();
            let mut answer = Answer::new(body, flight, call);
            // A head alone is no answer.
            if call.length == Length::Brief {
                answer.begin().await.map_err(|error| Failure::Lost(chain(&error)))?;
            }
            match record::code(&head.headers) {
                Code::Unavailable => endpoint.refused(),
                _ => endpoint.answered(sent.elapsed()),
            }
            Ok(Response::from_parts(head, Body::new(answer)))
        };
        match tokio::time::timeout_at(end, answering).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(failure)) => Err(self.failed(&endpoint, failure, sent)),
            Err(_) => Err(self.unanswered(&endpoint, call, sent)),
        }
    }

    fn failed(&self, endpoint: &Arc<Endpoint>, failure: Failure, sent: Instant) -> Failure {
        if let Failure::Lost(cause) = &failure
            && endpoint.lost(sent)
        {
            self.eject(endpoint, cause);
        }
        failure
    }

    fn unanswered(&self, endpoint: &Arc<Endpoint>, call: &Call, sent: Instant) -> Failure {
        // A deadline that was short says nothing about the endpoint.
        let is_silent = endpoint.is_silent_since(sent);
        if sent.elapsed() >= call.patience / 2 && endpoint.unanswered(sent) {
            self.eject(endpoint, "no answers");
        }
        match is_silent {
            _ if call.deadline.at <= Instant::now() => Failure::Expired,
            true => Failure::Silent,
            false => Failure::Slow,
        }
    }

    /// Takes the endpoint out unless half of them are out already. If it must stay, it gets a new connection.
    fn eject(&self, endpoint: &Arc<Endpoint>, cause: &str) {
        let _one_at_a_time = self.ejecting.lock().expect("nothing panics while it holds this lock");
        if endpoint.is_down() {
            return;
        }
        let endpoints = self.endpoints.load();
        let down = endpoints.iter().filter(|endpoint| endpoint.is_down()).count();
        if (down + 1) * 2 <= endpoints.len() {
            upkeep::eject(endpoint, cause);
        } else {
            endpoint.close();
        }
    }

    /// A place at an endpoint; waits for one while all are full.
    async fn board(&self, length: Length, avoid: Option<SocketAddr>) -> Result<Flight, Failure> {
        loop {
            if let Some(flight) = self.pick(length, avoid)? {
                return Ok(flight);
            }
            // Listens before it looks again, or a place that is given up in between would be missed.
            let mut vacancy = pin!(self.peer.vacancies.for_length(length).notified());
            vacancy.as_mut().enable();
            if let Some(flight) = self.pick(length, avoid)? {
                return Ok(flight);
            }
            match length {
                Length::Brief => vacancy.await,
                Length::Lasting => {
                    let vacancy = tokio::time::timeout(FULL, vacancy);
                    vacancy.await.map_err(|_| Failure::Full)?;
                }
            }
        }
    }

    /// A place at the cheaper of two endpoints; none when all are full, and a failure when nobody is there.
    fn pick(&self, length: Length, avoid: Option<SocketAddr>) -> Result<Option<Flight>, Failure> {
        let endpoints = self.endpoints.load();
        let others = |endpoint: &Endpoint| Some(endpoint.address) != avoid;
        let flight =
            choose(&endpoints, length, others).or_else(|| choose(&endpoints, length, |_| true));
        let waiting = !self.resolved.load(Ordering::Acquire)
            || endpoints.iter().any(|endpoint| !endpoint.is_down());
        if flight.is_some() || waiting { Ok(flight) } else { Err(Failure::Nobody) }
    }
}

/// The cheaper of two endpoints taken at random; if they are of no use, the first that is.
fn choose(
    endpoints: &[Arc<Endpoint>],
    length: Length,
    wanted: impl Fn(&Endpoint) -> bool,
) -> Option<Flight> {
    let count = endpoints.len();
    if count == 0 {
        return None;
    }
    let usable = |endpoint: &&Arc<Endpoint>| !endpoint.is_down() && wanted(endpoint);
    let first = chance::below(count);
    let second = if count == 1 { first } else { (first + 1 + chance::below(count - 1)) % count };
    let now = Instant::now();
    let pair = [&endpoints[first], &endpoints[second]].into_iter().filter(usable);
    let cheaper =
        pair.min_by(|one, other| one.cost(length, now).total_cmp(&other.cost(length, now)));
    let rest = endpoints[first..].iter().chain(&endpoints[..first]).filter(usable);
    cheaper.into_iter().chain(rest).find_map(|endpoint| Flight::board(endpoint, length))
}

#[cfg(test)]
mod tests;
