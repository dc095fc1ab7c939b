//! What an operator has switched for a while, in this process: faults that are injected, writes that are refused, requests that go
//! elsewhere. The admin port changes it, every layer asks. Each switch ends by itself.
use std::{
    mem,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::{
    chance,
    clock::Clock,
    metrics::{Counter, Declared, Gauge, Layer, before_scrape},
    time::Timestamp,
};

static ACTIVE: Gauge = Gauge::new(
    Layer::Application,
    "errand_switch_active",
    &["switch"],
    "Whether an operator has switched this: 1, or 0.",
);
static INJECTED: Counter = Counter::new(
    Layer::Application,
    "errand_faults_injected_total",
    &["kind"],
    "Faults that were injected because an operator has switched them on.",
)
.from_start(&[&["latency"], &["error"], &["abort"], &["down"]]);

/// What is said where nothing is written because that is switched.
pub const READ_ONLY: &str = "nothing is written for a while; what is there can be read";

/// What is counted of switches.
pub static CATALOGUE: &[&dyn Declared] = &[&ACTIVE, &INJECTED];

/// Whether anything is switched: what every request asks first.
static ANY: AtomicBool = AtomicBool::new(false);
static NOW: RwLock<Option<Arc<Switches>>> = RwLock::new(None);
/// Where something can be made to fail, as far as this process has said.
static OFFERED: RwLock<Vec<Place>> = RwLock::new(vec![]);

/// All that is switched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Switches {
    /// Until when writes are refused.
    pub read_only: Option<Timestamp>,
    /// Until when the process says that it is not ready.
    pub unready: Option<Timestamp>,
    /// What is made to fail.
    pub faults: Vec<Fault>,
}

/// Something that is made to fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// How.
    pub kind: Kind,
    /// How often, from 0 to 1.
    pub share: f64,
    /// Until when.
    pub until: Timestamp,
}

/// Where something is made to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A route, as `GET /v1/me`, or all of them: `*`.
    Route(String),
    /// A method of gRPC, as `package.Service/Method`, or all of them: `*`.
    Method(String),
    /// What the process depends on: `database`, or a peer by its name.
    Dependency(String),
}

/// How something fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It takes so much longer.
    Latency(Duration),
    /// It fails as by a mistake in the program.
    Error,
    /// It breaks off without an answer.
    Abort,
    /// It cannot be reached.
    Down,
}

impl Kind {
    /// Its name, as metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Error => "error",
            Self::Abort => "abort",
            Self::Down => "down",
        }
    }
}

impl Place {
    /// What an operator calls it.
    fn name(&self) -> &str {
        let (Self::Route(name) | Self::Method(name) | Self::Dependency(name)) = self;
        name
    }

    /// Whether what happens at `at` is meant.
    fn covers(&self, at: &Self) -> bool {
        match (self, at) {
            (Self::Route(all), Self::Route(_)) | (Self::Method(all), Self::Method(_))
                if all == "*" =>
            {
                true
            }
            _ => self == at,
        }
    }
}

impl Switches {
    /// For how long writes are refused still.
    pub fn refuses_writes(&self, now: Timestamp) -> Option<Duration> {
        self.read_only.and_then(|until| left(until, now))
    }

    /// Whether the process says that it is not ready.
    pub fn is_unready(&self, now: Timestamp) -> bool {
        self.unready.is_some_and(|until| until > now)
    }

    /// What is to happen at a place; `chance` decides for each fault anew, as a share from 0 to 1.
    pub fn faults_at(
        &self,
        place: &Place,
        now: Timestamp,
        mut chance: impl FnMut() -> f64,
    ) -> Vec<Kind> {
        let meant =
            self.faults.iter().filter(|fault| fault.until > now && fault.place.covers(place));
        meant.filter(|fault| chance() < fault.share).map(|fault| fault.kind).collect()
    }

    /// Whether all that is asked at a place is to fail: it is then as if it were not there.
    pub fn is_down(&self, place: &Place, now: Timestamp) -> bool {
        let all = || 1.0 - f64::EPSILON;
        self.faults_at(place, now, all).contains(&Kind::Down)
    }
}

/// What is left of a time.
fn left(until: Timestamp, now: Timestamp) -> Option<Duration> {
    let seconds = until.as_seconds() - now.as_seconds();
    (until > now).then(|| Duration::from_secs(u64::try_from(seconds.max(1)).unwrap_or(1)))
}

/// Begins to tell of switches in metrics.
pub fn begin() {
    crate::metrics::begin(CATALOGUE);
    before_scrape(|| {
        let (switches, now) = (current().unwrap_or_default(), Clock::system().now());
        for (switch, active) in [
            ("read_only", switches.refuses_writes(now).is_some()),
            ("unready", switches.is_unready(now)),
            ("faults", switches.faults.iter().any(|fault| fault.until > now)),
        ] {
            ACTIVE.set(&[switch], i64::from(active));
        }
        true
    });
}

/// Says where something can be made to fail, so that a name that stands for nothing can be told.
pub fn offer(places: impl IntoIterator<Item = Place>) {
    let mut offered = OFFERED.write().unwrap_or_else(PoisonError::into_inner);
    for place in places {
        if !offered.contains(&place) {
            offered.push(place);
        }
    }
}

/// The names that there are instead of a place that there is not; none where it is there, or nobody has said which of its kind are.
pub fn instead_of(place: &Place) -> Option<Vec<String>> {
    let offered = OFFERED.read().unwrap_or_else(PoisonError::into_inner);
    let of_kind = |at: &&Place| mem::discriminant(*at) == mem::discriminant(place);
    let known: Vec<_> = offered.iter().filter(of_kind).collect();
    let is_there = known.is_empty() || known.iter().any(|at| place.covers(at));
    (!is_there).then(|| known.into_iter().map(|at| at.name().to_owned()).collect())
}

/// All that is switched; none where that is nothing, as nearly always.
pub fn current() -> Option<Arc<Switches>> {
    if !ANY.load(Relaxed) {
        return None;
    }
    NOW.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Switches these, and nothing else.
pub fn set(switches: Switches) {
    let any = switches != Switches::default();
    *NOW.write().unwrap_or_else(PoisonError::into_inner) = any.then(|| Arc::new(switches));
    ANY.store(any, Relaxed);
}

/// For how long writes are refused still, if they are.
pub fn writes_refused() -> Option<Duration> {
    current()?.refuses_writes(Clock::system().now())
}

/// Whether the process says that it is not ready, because that is switched.
pub fn unready() -> bool {
    current().is_some_and(|switches| switches.is_unready(Clock::system().now()))
}

/// Whether a place is down: see [`Switches::is_down`].
pub fn is_down(place: &Place) -> bool {
    current().is_some_and(|switches| switches.is_down(place, Clock::system().now()))
}

/// Lets happen at a place what is switched there: waits where it takes longer, and gives how it fails, if it does.
pub async fn strike(place: impl FnOnce() -> Place) -> Option<Kind> {
    let switches = current().filter(|switches| !switches.faults.is_empty())?;
    let (place, mut failure) = (place(), None);
    // What somebody made up is answered, and counted, as what there is not.
    if instead_of(&place).is_some() {
        return None;
    }
    for kind in switches.faults_at(&place, Clock::system().now(), chance::share) {
        INJECTED.series(&[kind.name()]).inc();
        match kind {
            Kind::Latency(time) => tokio::time::sleep(time).await,
            kind => failure = Some(kind),
        }
    }
    failure
}

#[cfg(test)]
mod tests;
