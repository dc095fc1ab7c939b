//! What is being worked on, for an operator who asks why something takes so long. Nothing is kept where nobody may ask.
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{steps::Steps, trace::TraceContext};

static IS_KEPT: AtomicBool = AtomicBool::new(false);
static NEXT: AtomicU64 = AtomicU64::new(0);
/// By when it began. As many as there are requests and jobs, which are bounded where they come in.
static WORK: Mutex<BTreeMap<u64, Work>> = Mutex::new(BTreeMap::new());

/// A request or a job that is being worked on.
#[derive(Clone, Debug)]
pub struct Work {
    /// A route, a method or the name of a job.
    pub what: String,
    /// Names the request in every log.
    pub request_id: Arc<str>,
    /// Where it stands in its trace.
    pub trace: TraceContext,
    began: Instant,
    steps: Steps,
}

impl Work {
    /// How long it has been worked on.
    pub fn lasts(&self) -> Duration {
        self.began.elapsed()
    }

    /// What is waited for now, the first to begin first, each with how long.
    pub fn waits_for(&self) -> Vec<(String, Duration)> {
        self.steps.doing()
    }
}

/// From now on it is kept what is being worked on.
pub fn keep() {
    IS_KEPT.store(true, Ordering::Relaxed);
}

/// Whether it is.
pub fn is_kept() -> bool {
    IS_KEPT.load(Ordering::Relaxed)
}

/// Keeps what is being worked on until it is dropped.
#[derive(Debug)]
pub struct Underway(u64);

/// Begins some work, if that is kept.
pub fn begin(
    what: impl FnOnce() -> String,
    request_id: &Arc<str>,
    trace: TraceContext,
    steps: Option<&Steps>,
) -> Option<Underway> {
    let steps = steps.filter(|_| is_kept())?.clone();
    let work =
        Work { what: what(), request_id: request_id.clone(), trace, began: Instant::now(), steps };
    work.steps.watch();
    let key = NEXT.fetch_add(1, Ordering::Relaxed);
    kept().insert(key, work);
    Some(Underway(key))
}

/// What is being worked on, at most so much of it, the oldest first; and how much it is in all.
pub fn list(most: usize) -> (Vec<Work>, usize) {
    let all = kept();
    (all.values().take(most).cloned().collect(), all.len())
}

impl Drop for Underway {
    fn drop(&mut self) {
        kept().remove(&self.0);
    }
}

fn kept() -> MutexGuard<'static, BTreeMap<u64, Work>> {
    WORK.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::{Doing, Kind};

    #[test]
    fn work_is_listed_with_what_it_waits_for_until_it_is_done() {
        let (trace, steps) = (TraceContext::random(false), Steps::default());
        let named =
            |name: &'static str| begin(|| name.to_owned(), &Arc::from(name), trace, Some(&steps));
        assert!(named("too early").is_none(), "nobody may ask");
        keep();
        let (first, second) = (named("first"), named("second"));
        let database =
            Doing::begin(steps.clone(), trace, Kind::Client, ("task.find".into(), vec![]));
        let (all, count) = list(1);
        assert_eq!((all[0].what.as_str(), &*all[0].request_id, count), ("first", "first", 2));
        let waited: Vec<_> = all[0].waits_for().into_iter().map(|(name, _)| name).collect();
        assert_eq!(waited, ["task.find"]);
        database.end(false, vec![]);
        drop(first);
        let (all, count) = list(9);
        assert_eq!((all[0].what.as_str(), all[0].waits_for().len(), count), ("second", 0, 1));
        drop(second);
        assert_eq!(list(9).1, 0);
    }
}
