use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use kit_base::request;

use crate::problem::Problem;

/// What is kept of a request's time for the work that its body asks for.
const KEPT: Duration = Duration::from_millis(500);

/// Of a body that is too large this much is taken in before the refusal; one that announces more is refused at once.
const SWALLOWED: usize = 8 * 1024 * 1024;

/// Refuses a body that is not JSON.
pub(super) fn expect_json(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    // A body that unpacks to any size is not taken in.
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        let message = "send the body as it is, without Content-Encoding";
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_CONTENT_ENCODING",
            message,
        ));
    }
    let media =
        headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let mut parts = media.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let known = essence.eq_ignore_ascii_case("application/json")
        || *method == Method::PATCH && essence.eq_ignore_ascii_case("application/merge-patch+json");
    let utf8 = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        !name.eq_ignore_ascii_case("charset")
            || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    if known && parts.all(utf8) {
        Ok(())
    } else {
        Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }
}

/// The whole body, of at most `limit` bytes.
pub(super) async fn collect(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        let message = format!("a body has at most {limit} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", message)
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let time = request::with_current(request::RequestContext::remaining)
        .unwrap_or(KEPT * 6)
        .saturating_sub(KEPT);
    let late = |_| Problem::of_status(StatusCode::REQUEST_TIMEOUT);
    tokio::time::timeout(time, gather(request.into_body(), limit))
        .await
        .map_err(late)??
        .ok_or_else(too_large)
}

/// All bytes; none when there are more than `limit`.
async fn gather(mut body: Body, limit: usize) -> Result<Option<Bytes>, Problem> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let broken = |_| {
            Problem::new(StatusCode::BAD_REQUEST, "BODY_BROKEN", "the body did not arrive whole")
        };
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if whole.len() + data.len() > limit {
            swallow(body).await;
            return Ok(None);
        }
        // Most bodies come in one piece.
        if whole.is_empty() && axum::body::HttpBody::is_end_stream(&body) {
            return Ok(Some(data));
        }
        whole.extend_from_slice(&data);
    }
    Ok(Some(whole.freeze()))
}

/// Reads on a little and forgets it: a client that is still sending would see a reset instead of the answer.
async fn swallow(mut body: Body) {
    let mut left = SWALLOWED;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}
