//! One address of a peer: its connections, its load, and whether it can be trusted with a call.
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{
    call::Length, latency::Latency, limits::Limits, link::Link, target::Target,
    vacancies::Vacancies,
};
use crate::tls::Identity;

const UNPOISONED: &str = "nothing panics while it holds this lock";

/// What the endpoints of one peer share.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) limits: Limits,
    /// A call that found no place may find one now.
    pub(crate) vacancies: Vacancies,
    /// The addresses are in doubt.
    pub(crate) doubt: Notify,
    tally: Mutex<Tally>,
    /// Why the last endpoint was taken out, or none is known.
    fault: Mutex<String>,
}

/// How many endpoints are in which state.
#[derive(Debug, Default)]
struct Tally {
    ready: usize,
    failed: usize,
}

impl Peer {
    pub(crate) fn new(name: &'static str, identity: Option<Arc<Identity>>, limits: Limits) -> Self {
        // Nobody is known yet: who is never found is missed all the same.
        crate::metrics::client_endpoints(name, 0, 0);
        let (vacancies, doubt) = (Vacancies::default(), Notify::new());
        let (tally, fault) = (Mutex::default(), Mutex::default());
        Self { name, identity, limits, vacancies, doubt, tally, fault }
    }

    /// Keeps what is wrong, for those who ask why nobody is there.
    pub(crate) fn note(&self, fault: String) {
        *self.fault.lock().expect(UNPOISONED) = fault;
    }

    /// What was wrong last.
    pub(crate) fn fault(&self) -> String {
        self.fault.lock().expect(UNPOISONED).clone()
    }

    /// Publishes that so many endpoints more, or fewer, are in a state.
    fn count(&self, ready: isize, failed: isize) {
        let mut tally = self.tally.lock().expect(UNPOISONED);
        tally.ready = tally.ready.saturating_add_signed(ready);
        tally.failed = tally.failed.saturating_add_signed(failed);
        crate::metrics::client_endpoints(self.name, tally.ready, tally.failed);
        kit_base::metrics::dependency_up(self.name, tally.ready > 0);
    }
}

/// One address of a peer.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) target: Target,
    pub(crate) peer: Arc<Peer>,
    /// The first is for brief calls, the others are for lasting ones.
    links: Box<[Arc<Link>]>,
    standing: Mutex<Standing>,
    down: AtomicBool,
}

#[derive(Debug)]
struct Standing {
    latency: Latency,
    /// Since when it takes calls.
    since: Option<Instant>,
    /// When it answered last.
    heard: Option<Instant>,
    /// Calls in a row that brought no answer; of those that were lost together, one.
    losses: u32,
    lost: Option<Instant>,
    silences: u32,
    ejection: Duration,
}

impl Standing {
    /// Whether a call of then counts: what was sent before the endpoint was taken out was held against it already.
    fn covers(&self, sent: Instant) -> bool {
        self.since.is_none_or(|since| sent >= since)
    }

    /// Whether it has answered nothing since then. Who answers others is there: what one call waits for is its own matter, and somebody may
    /// have many of that kind.
    fn silent_since(&self, sent: Instant) -> bool {
        self.heard.is_none_or(|heard| heard < sent)
    }
}

impl Endpoint {
    /// An endpoint that is tried when it is first picked; `new` ones begin slowly.
    pub(crate) fn new(address: SocketAddr, target: Target, peer: Arc<Peer>, new: bool) -> Self {
        peer.count(1, 0);
        let now = Instant::now();
        let link = |number| if number == 0 { Length::Brief } else { Length::Lasting };
        let links = (0..=peer.limits.stream_connections).map(|it| Arc::new(Link::new(link(it))));
        let links = links.collect();
        let standing = Mutex::new(Standing {
            latency: Latency::unknown(now),
            since: new.then_some(now),
            heard: None,
            losses: 0,
            lost: None,
            silences: 0,
            ejection: peer.limits.ejection,
        });
        Self { address, target, peer, links, standing, down: AtomicBool::new(false) }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.peer.limits
    }

    /// Whether it takes no calls.
    pub(crate) fn is_down(&self) -> bool {
        self.down.load(Ordering::Acquire)
    }

    /// What one more call costs here: the calls under way times the latency, more while it is starting.
    pub(crate) fn cost(&self, length: Length, now: Instant) -> f64 {
        let links = self.links(length).iter();
        let standing = self.standing();
        let seconds = standing.latency.seconds(now, self.limits().decay);
        let age = standing.since.map(|since| now.saturating_duration_since(since).as_secs_f64());
        drop(standing);
        let share =
            age.map_or(1.0, |age| (age / self.limits().slow_start.as_secs_f64()).clamp(0.1, 1.0));
        (links.map(|link| link.streams()).sum::<usize>() + 1) as f64 * seconds / share
    }

    /// Takes a place on one of the connections; none when all are full.
    pub(crate) fn enter(&self, length: Length) -> Option<Arc<Link>> {
        self.links(length).iter().find(|link| link.enter(self.limits().in_flight)).cloned()
    }

    /// The connection that a probe uses.
    pub(crate) fn first_link(&self) -> &Arc<Link> {
        &self.links[0]
    }

    /// Sends nothing more on the connections that are open.
    pub(crate) fn close(&self) {
        self.links.iter().for_each(|link| link.close());
    }

    /// An answer came.
    pub(crate) fn answered(&self, waited: Duration) {
        let now = Instant::now();
        let mut standing = self.standing();
        standing.latency.observe(waited, now, self.limits().decay);
        standing.heard = Some(now);
        (standing.losses, standing.silences) = (0, 0);
    }

    /// It answered that it cannot do its work. That is quickly said, and must not be what makes it the one that is asked.
    pub(crate) fn refused(&self) {
        let now = Instant::now();
        let mut standing = self.standing();
        standing.latency.observe(self.limits().read, now, self.limits().decay);
        standing.heard = Some(now);
        standing.silences = 0;
    }

    /// The call of `sent` was lost; true when that was one too many, and they are counted anew. A connection takes all that is on it along:
    /// what was sent before the last loss was lost with it.
    pub(crate) fn lost(&self, sent: Instant) -> bool {
        let mut standing = self.standing();
        if standing.covers(sent) && standing.lost.is_none_or(|lost| sent >= lost) {
            standing.losses += 1;
            standing.lost = Some(Instant::now());
        }
        let too_many = standing.losses >= self.limits().losses;
        if too_many {
            standing.losses = 0;
        }
        too_many
    }

    /// The call of `sent` went unanswered, and so did all others since; true when that was one too many, and they are counted anew.
    pub(crate) fn unanswered(&self, sent: Instant) -> bool {
        let mut standing = self.standing();
        standing.latency.observe(sent.elapsed(), Instant::now(), self.limits().decay);
        standing.silences += u32::from(standing.covers(sent) && standing.silent_since(sent));
        let too_many = standing.silences >= self.limits().silences;
        if too_many {
            standing.silences = 0;
        }
        too_many
    }

    /// Whether it has answered nobody since then.
    pub(crate) fn is_silent_since(&self, sent: Instant) -> bool {
        self.standing().silent_since(sent)
    }

    /// How long the ejection lasts that begins now.
    pub(crate) fn ejection(&self) -> Duration {
        let limits = self.limits();
        let mut standing = self.standing();
        let again = standing.since.is_some_and(|since| since.elapsed() < limits.longest_ejection);
        standing.ejection = if again {
            (standing.ejection * 2).min(limits.longest_ejection)
        } else {
            limits.ejection
        };
        standing.ejection
    }

    /// Takes no more calls; false when it took none before.
    pub(crate) fn leave(&self, cause: &str) -> bool {
        self.close();
        self.peer.note(format!("{}: {cause}", self.address));
        let left = !self.down.swap(true, Ordering::AcqRel);
        if left {
            tracing::warn!(peer = self.peer.name, address = %self.address, cause, "endpoint taken out");
            self.peer.count(-1, 1);
            self.peer.vacancies.tell_all();
        }
        left
    }

    /// Takes it back in: it answers again.
    pub(crate) fn admit(&self) {
        let mut standing = self.standing();
        let now = Instant::now();
        (standing.latency, standing.since) = (Latency::unknown(now), Some(now));
        (standing.losses, standing.silences) = (0, 0);
        drop(standing);
        self.peer.count(1, -1);
        self.down.store(false, Ordering::Release);
        self.peer.vacancies.tell_all();
        tracing::info!(peer = self.peer.name, address = %self.address, "endpoint back");
    }

    fn links(&self, length: Length) -> &[Arc<Link>] {
        match length {
            Length::Brief => &self.links[..1],
            Length::Lasting => &self.links[1..],
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().expect(UNPOISONED)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let (ready, failed) = if *self.down.get_mut() { (0, -1) } else { (-1, 0) };
        self.peer.count(ready, failed);
    }
}

#[cfg(test)]
mod tests;
