//! What is done for a request, noted while it is worked on. Whether a collector is told of it is decided when the request has ended: by
//! then it is known whether it failed, or was slow.
use std::{
    borrow::Cow,
    mem,
    sync::{Arc, Mutex, PoisonError},
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
pub struct Steps(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    steps: Vec<Step>,
    left_out: i64,
    is_closed: bool,
}

impl Steps {
    /// Notes a step, unless the request has ended: what outlives it is no part of it.
    pub fn note(&self, step: Step) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match noted.steps.len() {
            _ if noted.is_closed => {}
            MOST.. => noted.left_out += 1,
            _ => noted.steps.push(step),
        }
    }

    /// What was noted, and how many steps were not.
    pub fn close(&self) -> (Vec<Step>, i64) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.is_closed = true;
        (mem::take(&mut noted.steps), noted.left_out)
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
}
