//! One attempt of a call as a step of its request's trace: the peer's own step stands in it.
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use http::Response;
use kit_base::{
    request,
    steps::{Attributes, Kind, Step, Steps, Value},
    trace::TraceContext,
};
use tonic::body::Body;

use super::{failure::Failure, record::code};

/// An attempt that is under way; dropped before it ends, its caller has gone.
pub(crate) struct Attempt {
    step: Option<Step>,
    steps: Option<Steps>,
}

impl Attempt {
    /// Of the method at `path`, which is sent to `address` now.
    pub(crate) fn begin(path: &str, address: SocketAddr) -> Self {
        let noted = request::with_current(|context| Some((context.steps.clone()?, context.trace)));
        let Some((steps, outer)) = noted.flatten() else {
            return Self { step: None, steps: None };
        };
        let method = path.trim_start_matches('/').to_owned();
        let step = Step {
            kind: Kind::Client,
            name: method.clone().into(),
            trace: outer.child(),
            parent: Some(outer.span_id),
            began: Instant::now(),
            took: Duration::ZERO,
            failed: true,
            attributes: vec![
                ("rpc.system.name", text("grpc")),
                ("rpc.method", Value::Text(method.into())),
                ("server.address", Value::Text(address.ip().to_string().into())),
                ("server.port", Value::Number(address.port().into())),
            ],
        };
        Self { step: Some(step), steps: Some(steps) }
    }

    /// Where the peer's step is to stand; none where nothing is noted.
    pub(crate) fn trace(&self) -> Option<TraceContext> {
        self.step.as_ref().map(|step| step.trace)
    }

    /// Notes what it came to.
    pub(crate) fn end(mut self, outcome: &Result<Response<Body>, Failure>) {
        let Some(step) = &mut self.step else { return };
        let (failed, said): (bool, Attributes) = match outcome {
            Ok(response) => {
                let code = code(response.headers());
                let number = Value::Number(i64::from(i32::from(code)));
                (code != tonic::Code::Ok, vec![("rpc.response.status_code", number)])
            }
            Err(failure) => (true, vec![("error.type", text(failure.reason()))]),
        };
        step.failed = failed;
        step.attributes.extend(said);
    }
}

fn text(text: &'static str) -> Value {
    Value::Text(text.into())
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let (Some(mut step), Some(steps)) = (self.step.take(), &self.steps) {
            step.took = step.began.elapsed();
            steps.note(step);
        }
    }
}
