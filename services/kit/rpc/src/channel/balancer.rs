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
use tonic::body::Body;
use tower::retry::budget::TpsBudget;

use super::{
    answer::Answer,
    call::{Call, Length},
    endpoint::{Endpoint, Peer},
    failure::Failure,
    flight::Flight,
    limits::Limits,
    target::Addresses,
    upkeep,
};
use kit_base::chance;

/// The endpoints of a peer.
#[derive(Debug)]
pub(crate) struct Balancer {
    peer: Arc<Peer>,
    endpoints: ArcSwap<Vec<Arc<Endpoint>>>,
    /// Whether the first look-up is over: before that, calls wait for it.
    resolved: AtomicBool,
    /// Held while it is decided whether one more endpoint may be ejected.
    ejecting: Mutex<()>,
    /// What may be sent again.
    pub(crate) budget: TpsBudget,
    resolver: OnceLock<AbortOnDropHandle<()>>,
}

impl Balancer {
    /// A balancer without an endpoint: a resolver has to tell it of them.
    pub(crate) fn new(peer: Peer) -> Self {
        Self {
            endpoints: ArcSwap::default(),
            resolved: AtomicBool::new(false),
            ejecting: Mutex::new(()),
            // A second, not the customary ten: a burst of failures is then bounded by the same figures as a long outage.
            budget: TpsBudget::new(
                Duration::from_secs(1),
                peer.limits.retries_per_second,
                peer.limits.retry_share,
            ),
            resolver: OnceLock::new(),
            peer: Arc::new(peer),
        }
    }

    /// Keeps what follows the addresses: it ends with the balancer.
    pub(crate) fn keep(&self, resolver: AbortOnDropHandle<()>) {
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
        self.peer.vacancy.notify_waiters();
    }

    /// Sends the call once, not to `last` if there is another; `last` is then the endpoint that got it.
    pub(crate) async fn attempt(
        &self,
        call: &Call,
        last: &mut Option<SocketAddr>,
    ) -> Result<Response<Body>, Failure> {
        let flight = self.board(call.length, *last).await?;
        let endpoint = flight.endpoint.clone();
        *last = Some(endpoint.address);
        let connection = upkeep::connection(&flight.link, &endpoint).await;
        let mut connection = connection.ok_or(Failure::Unsent)?;
        let sent = Instant::now();
        let end = sent
            .checked_add(call.patience)
            .map_or(call.deadline.at, |end| end.min(call.deadline.at));
        let answering = connection.try_send_request(call.attempt(&endpoint.target));
        match tokio::time::timeout_at(end, answering).await {
            Ok(Ok(response)) => {
                endpoint.answered(sent.elapsed());
                Ok(response.map(|body| Body::new(Answer::new(body, flight, call))))
            }
            Ok(Err(failed)) => Err(self.failed(&endpoint, Failure::from_send(&failed), sent)),
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
        if sent.elapsed() >= call.patience / 2 && endpoint.unanswered(sent) {
            self.eject(endpoint, "no answers");
        }
        if call.deadline.at <= Instant::now() { Failure::Expired } else { Failure::Silent }
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
            let mut vacancy = pin!(self.peer.vacancy.notified());
            vacancy.as_mut().enable();
            if let Some(flight) = self.pick(length, avoid)? {
                return Ok(flight);
            }
            vacancy.await;
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
mod tests {
    use super::{super::target, *};

    #[tokio::test]
    async fn an_address_that_stays_keeps_its_endpoint_and_its_history() {
        let peer = Peer::new("things", None, Limits::default());
        let balancer = Balancer::new(peer);
        let addresses = |ports: &[u16]| {
            let target = target::targets("http://things:1").unwrap().remove(0);
            let named = |port: &u16| (([127, 0, 0, 1], *port).into(), target.clone());
            ports.iter().map(named).collect()
        };
        balancer.replace(addresses(&[1, 2]));
        let before = balancer.endpoints.load_full();
        balancer.replace(addresses(&[2, 3]));
        let after = balancer.endpoints.load_full();
        assert!(Arc::ptr_eq(&before[1], &after[0]));
        assert_eq!(
            after.iter().map(|endpoint| endpoint.address.port()).collect::<Vec<_>>(),
            [2, 3]
        );
    }

    fn balancer(count: u16, limits: Limits) -> Balancer {
        let balancer = Balancer::new(Peer::new("things", None, limits));
        let target = target::targets("http://things:1").unwrap().remove(0);
        let named = |port: u16| (([127, 0, 0, 1], port).into(), target.clone());
        balancer.replace((1..=count).map(named).collect());
        balancer
    }

    /// The ports that so many calls go to, each of which stays under way.
    fn picked(balancer: &Balancer, count: usize, avoid: Option<u16>) -> Vec<(Flight, u16)> {
        let avoid = avoid.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let flights = (0..count).filter_map(|_| balancer.pick(Length::Brief, avoid).unwrap());
        flights
            .map(|flight| {
                let port = flight.endpoint.address.port();
                (flight, port)
            })
            .collect()
    }

    #[tokio::test]
    async fn a_call_goes_where_less_is_under_way() {
        let balancer = balancer(2, Limits::default());
        let endpoints = balancer.endpoints.load_full();
        let busy: Vec<_> =
            (0..10).map(|_| Flight::board(&endpoints[0], Length::Brief).unwrap()).collect();
        for _ in 0..50 {
            assert_eq!(picked(&balancer, 1, None)[0].1, 2);
        }
        drop(busy);
        endpoints[1].answered(Duration::from_secs(1));
        for _ in 0..50 {
            assert_eq!(picked(&balancer, 1, None)[0].1, 1, "the faster of two that are idle");
        }
    }

    #[tokio::test]
    async fn a_call_that_failed_goes_elsewhere_unless_there_is_nowhere_else() {
        let balancer = balancer(3, Limits { in_flight: 4, ..Limits::default() });
        let flights = picked(&balancer, 8, Some(2));
        assert!(flights.iter().all(|(_, port)| *port != 2));
        let rest = picked(&balancer, 8, Some(2));
        assert_eq!(
            rest.iter().map(|(_, port)| *port).collect::<Vec<_>>(),
            [2; 4],
            "all others are full"
        );
    }

    #[tokio::test]
    async fn an_endpoint_that_is_out_gets_no_call_and_without_any_nobody_waits() {
        let balancer = balancer(2, Limits { in_flight: 1, ..Limits::default() });
        let endpoints = balancer.endpoints.load_full();
        endpoints[0].leave("for the test");
        let flight = picked(&balancer, 2, None);
        assert_eq!(flight.iter().map(|(_, port)| *port).collect::<Vec<_>>(), [2]);
        assert!(matches!(balancer.pick(Length::Brief, None), Ok(None)), "it waits for a place");
        endpoints[1].leave("for the test");
        assert!(matches!(balancer.pick(Length::Brief, None), Err(Failure::Nobody)));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_wait_for_the_first_look_up_and_for_a_place() {
        let waiting = Arc::new(Balancer::new(Peer::new("things", None, Limits::default())));
        let boarding = waiting.clone();
        let call = kit_base::work::detach(async move { boarding.board(Length::Brief, None).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!call.is_finished(), "nobody knows yet where the peer is");
        waiting.unresolved("for the test");
        assert!(matches!(call.await.unwrap(), Err(Failure::Nobody)));

        let full = Arc::new(balancer(1, Limits { in_flight: 1, ..Limits::default() }));
        let first = full.board(Length::Brief, None).await.unwrap();
        let boarding = full.clone();
        let second =
            kit_base::work::detach(async move { boarding.board(Length::Brief, None).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!second.is_finished());
        drop(first);
        assert!(second.await.unwrap().is_ok(), "the place that was left");
    }

    #[tokio::test]
    async fn no_more_than_half_of_the_endpoints_are_taken_out() {
        for (count, most) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
            let balancer = balancer(count, Limits::default());
            let endpoints = balancer.endpoints.load_full();
            for endpoint in endpoints.iter().chain(endpoints.iter()) {
                balancer.eject(endpoint, "for the test");
            }
            let down = endpoints.iter().filter(|endpoint| endpoint.is_down()).count();
            assert_eq!(down, most, "of {count}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_was_short_is_not_held_against_an_endpoint() {
        let balancer = balancer(2, Limits::default());
        let endpoints = balancer.endpoints.load_full();
        let request = http::Request::post("/t.T/Set").body(Body::empty()).unwrap();
        let at = Instant::now() + Duration::from_secs(60);
        let deadline = super::super::deadline::Deadline { at, chosen: false };
        let call = Call::read(request, deadline, balancer.limits()).await.unwrap();
        for (waited, out) in
            [(call.patience / 2 - Duration::from_millis(1), false), (call.patience, true)]
        {
            for _ in 0..Limits::default().silences {
                let sent = Instant::now();
                tokio::time::advance(waited).await;
                let failure = balancer.unanswered(&endpoints[0], &call, sent);
                assert!(matches!(failure, Failure::Silent));
            }
            assert_eq!(endpoints[0].is_down(), out, "after {waited:?}");
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        let over = balancer.unanswered(&endpoints[1], &call, Instant::now());
        assert!(matches!(over, Failure::Expired), "then it is the call that is over");
    }
}
