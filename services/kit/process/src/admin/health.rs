use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{self, Instant},
};

/// An event loop that has not turned for this long is stuck.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits for what it depends on.
    Starting,
    /// It answers.
    Ready,
    /// It has been told to stop.
    Draining,
}

/// How a process is doing, as its probes tell.
#[derive(Debug)]
pub struct Health {
    phase: watch::Sender<Phase>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    last_beat: Instant,
    checks: BTreeMap<&'static str, Result<(), String>>,
}

impl Health {
    /// A process that has just begun.
    pub fn new() -> Arc<Self> {
        let inner = Inner { last_beat: Instant::now(), checks: BTreeMap::new() };
        Arc::new(Self { phase: watch::Sender::new(Phase::Starting), inner: Mutex::new(inner) })
    }

    /// Shows that the event loop turns, once a second, for ever.
    pub(crate) async fn beat(&self) {
        let mut seconds = time::interval(Duration::from_secs(1));
        loop {
            self.inner().last_beat = seconds.tick().await;
        }
    }

    /// Whether the event loop turns.
    pub(crate) fn is_alive(&self) -> bool {
        self.inner().last_beat.elapsed() < LONGEST_PAUSE
    }

    /// Waits until it is ready; false when it was told to stop before.
    pub(crate) async fn until_ready(&self) -> bool {
        let mut phases = self.phases();
        let phase = phases.wait_for(|phase| *phase != Phase::Starting).await;
        phase.is_ok_and(|phase| *phase == Phase::Ready)
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub(crate) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Every check with what it waits for.
    pub(crate) fn checks(&self) -> BTreeMap<&'static str, Result<(), String>> {
        self.inner().checks.clone()
    }

    pub(crate) fn expect(&self, checks: impl Iterator<Item = &'static str>) {
        self.inner().checks = checks.map(|name| (name, Err("no answer yet".to_owned()))).collect();
    }

    pub(crate) fn passed(&self, check: &'static str) {
        self.inner().checks.insert(check, Ok(()));
    }

    pub(crate) fn failed(&self, check: &'static str, fault: String) {
        self.inner().checks.insert(check, Err(fault));
    }

    /// A process that stops does not become ready any more.
    pub(crate) fn ready(&self) {
        let ready = |phase: &mut Phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Ready;
            }
            starting
        };
        self.phase.send_if_modified(ready);
    }

    pub(crate) fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stuck_event_loop_is_not_alive() {
        let health = Health::new();
        assert!(health.is_alive());
        _ = time::timeout(Duration::from_secs(60), health.beat()).await;
        assert!(health.is_alive());
        time::advance(LONGEST_PAUSE).await;
        assert!(!health.is_alive());
    }

    #[test]
    fn a_stopping_process_does_not_become_ready() {
        let health = Health::new();
        health.drain();
        health.ready();
        assert_eq!(health.phase(), Phase::Draining);
    }

    #[tokio::test]
    async fn whoever_waits_for_a_process_learns_how_it_came_out() {
        let (ready, stopped) = (Health::new(), Health::new());
        let waits = |health: &Arc<Health>| {
            let health = health.clone();
            kit_base::work::detach(async move { health.until_ready().await })
        };
        let waiting = [waits(&ready), waits(&stopped)];
        tokio::task::yield_now().await;
        ready.ready();
        stopped.drain();
        let [one, other] = waiting;
        assert_eq!((one.await.unwrap(), other.await.unwrap()), (true, false));
        assert!(ready.until_ready().await, "and who asks later");
    }
}
