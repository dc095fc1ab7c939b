use std::{convert::Infallible, time::Duration};

use axum::body::Body;
use http::{HeaderMap, Response};
use tonic::Code;

use kit_base::{error::refuse, request};

/// Less than this is not worth beginning.
const LEAST: Duration = Duration::from_millis(5);

/// What a caller gets that names no deadline.
const DEFAULT: Duration = Duration::from_secs(15);

/// The caller's `grpc-timeout`: at most eight digits and a unit (gRPC over HTTP/2). None when it is malformed.
pub(super) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let Some(value) = headers.get("grpc-timeout") else { return Some(DEFAULT) };
    let (unit, digits) = value.as_bytes().split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount = digits.iter().fold(0, |amount, digit| amount * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Some(Duration::from_secs(amount * 3600)),
        b'M' => Some(Duration::from_secs(amount * 60)),
        b'S' => Some(Duration::from_secs(amount)),
        b'm' => Some(Duration::from_millis(amount)),
        b'u' => Some(Duration::from_micros(amount)),
        b'n' => Some(Duration::from_nanos(amount)),
        _ => None,
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
        return Ok(late("there is no time left for this call"));
    }
    match tokio::time::timeout_at(deadline, answer).await {
        Ok(answer) => answer,
        Err(_) => Ok(late("the call took longer than its caller waits")),
    }
}

fn late(message: &str) -> Response<Body> {
    refuse(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message).into_http()
}
