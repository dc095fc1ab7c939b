use std::{convert::Infallible, time::Duration};

use axum::body::Body;
use http::{HeaderMap, Response};
use tonic::Code;

use crate::channel::{GRPC_TIMEOUT, parse};
use kit_base::{error::refuse, request};

/// Less than this is not worth beginning.
const LEAST: Duration = Duration::from_millis(5);

/// What a caller gets that names no deadline.
const DEFAULT: Duration = Duration::from_secs(15);

/// Marks the refusal of a call that no method has seen: whether there is such a method nobody knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unbegun;

/// The caller's `grpc-timeout`; none when it is malformed.
pub(super) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    match headers.get(GRPC_TIMEOUT) {
        Some(value) => parse(value.as_bytes()),
        None => Some(DEFAULT),
    }
}

/// Ends a call at its request's deadline. A stream's answer is its head: what it sends later is not cut.
pub(super) async fn in_time<F>(answer: F) -> Result<Response<Body>, Infallible>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    let Some((deadline, left)) =
        request::with_current(|context| (context.deadline, context.remaining()))
    else {
        return answer.await;
    };
    if left < LEAST {
        let mut refusal = late("there is no time left for this call");
        refusal.extensions_mut().insert(Unbegun);
        return Ok(refusal);
    }
    match tokio::time::timeout_at(deadline, answer).await {
        Ok(answer) => answer,
        Err(_) => Ok(late("the call took longer than its caller waits")),
    }
}

fn late(message: &str) -> Response<Body> {
    refuse(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message).into_http()
}
