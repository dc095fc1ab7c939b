//! What is done for a request, noted while it is worked on. Whether a collector is told of it is decided when the request has ended: by
//! then it is known whether it failed, or was slow.
use std::{
    borrow::Cow,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::trace::TraceContext;

/// What is noted of one request; what comes later is counted alone.
const MOST: usize = 128;

/// Which side of a call a step is on (OpenTelemetry's kinds of spans).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It answers a call of another process.
    Server,
    /// It asks another process.
    Client,
    /// Neither.
    Internal,
}

/// What an attribute says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Words.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
}

/// Names, as OpenTelemetry has them, and what they say: never what a client wrote.
pub type Attributes = Vec<(&'static str, Value)>;

/// A step that has ended.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which side of a call it was on.
    pub kind: Kind,
    /// What was done: a route, a method, a query by its name.
    pub name: Cow<'static, str>,
    /// Its own place in the trace.
    pub trace: TraceContext,
    /// The span that it is a part of.
    pub parent: Option<[u8; 8]>,
    /// When it began.
    pub began: Instant,
    /// How long it took.
    pub took: Duration,
    /// Whether it went wrong.
    pub failed: bool,
    /// What else there is to say.
    pub attributes: Attributes,
}

/// The steps of one request, in the order in which they ended. A clone notes in the same place.
#[derive(Clone, Debug, Default)]
pub struct Steps(Arc<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Whether somebody may ask what has begun and not ended.
    is_watched: AtomicBool,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    steps: Vec<Step>,
    left_out: i64,
    is_closed: bool,
    /// What has begun and not ended, where somebody may ask.
    doing: Vec<(TraceContext, Cow<'static, str>, Instant)>,
}

impl Steps {
    /// Notes a step, unless the request has ended: what outlives it is no part of it.
    pub fn note(&self, step: Step) {
        let mut noted = self.noted();
        match noted.steps.len() {
            _ if noted.is_closed => {}
            MOST.. => noted.left_out += 1,
            _ => noted.steps.push(step),
        }
    }

    /// From now on it is known what has begun and not ended.
    pub(crate) fn watch(&self) {
        self.0.is_watched.store(true, Relaxed);
    }

    /// What has begun and not ended, each with how long that lasts.
    pub(crate) fn doing(&self) -> Vec<(String, Duration)> {
        let noted = self.noted();
        let doing = noted.doing.iter();
        doing.map(|(_, name, began)| (name.clone().into_owned(), began.elapsed())).collect()
    }

    fn begins(&self, step: &Step) {
        if self.0.is_watched.load(Relaxed) {
            let mut noted = self.noted();
            if noted.doing.len() < MOST {
                noted.doing.push((step.trace, step.name.clone(), step.began));
            }
        }
    }

    fn ends(&self, trace: TraceContext) {
        if self.0.is_watched.load(Relaxed) {
            self.noted().doing.retain(|(doing, _, _)| *doing != trace);
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was noted, and how many steps were not.
    pub fn close(&self) -> (Vec<Step>, i64) {
        let mut noted = self.noted();
        noted.is_closed = true;
        (mem::take(&mut noted.steps), noted.left_out)
    }
}

/// A step that is under way. Dropped before it ends, it has failed: whoever waited for it has gone.
#[derive(Debug)]
pub struct Doing {
    steps: Steps,
    /// None when it is noted.
    step: Option<Step>,
}

impl Doing {
    /// Of a step of `outer` that begins now.
    pub(crate) fn begin(
        steps: Steps,
        outer: TraceContext,
        kind: Kind,
        (name, attributes): (Cow<'static, str>, Attributes),
    ) -> Self {
        let (trace, parent, began) = (outer.child(), Some(outer.span_id), Instant::now());
        let (took, failed) = (Duration::ZERO, true);
        let step = Step { kind, name, trace, parent, began, took, failed, attributes };
        steps.begins(&step);
        Self { steps, step: Some(step) }
    }

    /// Where it stands in its trace.
    pub fn trace(&self) -> Option<TraceContext> {
        self.step.as_ref().map(|step| step.trace)
    }

    /// Notes it, with what it came to.
    pub fn end(mut self, failed: bool, said: Attributes) {
        if let Some(step) = &mut self.step {
            step.failed = failed;
            step.attributes.extend(said);
        }
    }

    /// The same, unless it went well and took less than `least`.
    pub fn end_if_long(mut self, failed: bool, least: Duration) {
        let is_short = self.step.as_ref().is_some_and(|step| step.began.elapsed() < least);
        if is_short && !failed {
            self.step.take().into_iter().for_each(|step| self.steps.ends(step.trace));
        }
        self.end(failed, vec![]);
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        if let Some(mut step) = self.step.take() {
            step.took = step.began.elapsed();
            self.steps.ends(step.trace);
            self.steps.note(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &'static str) -> Step {
        Step {
            kind: Kind::Internal,
            name: name.into(),
            trace: TraceContext::random(false),
            parent: None,
            began: Instant::now(),
            took: Duration::ZERO,
            failed: false,
            attributes: vec![],
        }
    }

    #[test]
    fn what_is_noted_of_a_request_is_bounded_and_ends_with_it() {
        let steps = Steps::default();
        (0..MOST + 3).for_each(|_| steps.clone().note(step("a")));
        let (noted, left_out) = steps.close();
        assert_eq!((noted.len(), left_out), (MOST, 3));
        steps.note(step("late"));
        assert!(steps.close().0.is_empty());
    }

    #[test]
    fn what_is_dropped_before_it_ends_has_failed_and_what_was_short_is_left_out() {
        let (steps, outer) = (Steps::default(), TraceContext::random(true));
        let begin = |name: &'static str| {
            Doing::begin(steps.clone(), outer, Kind::Client, (name.into(), vec![]))
        };
        drop(begin("dropped"));
        begin("well").end(false, vec![("rows", Value::Number(3))]);
        begin("short").end_if_long(false, Duration::from_secs(60));
        begin("broken").end_if_long(true, Duration::from_secs(60));
        begin("long").end_if_long(false, Duration::ZERO);
        let told: Vec<_> = steps.close().0;
        let told = told.iter().map(|step| (&*step.name, step.failed, step.attributes.len()));
        let expected =
            [("dropped", true, 0), ("well", false, 1), ("broken", true, 0), ("long", false, 0)];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }
}
