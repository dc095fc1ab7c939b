//! The body of a request, read strictly: every fault in it is told at once, each with its place.
pub(crate) mod object;
mod patch;
mod text;
pub(crate) mod tree;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, Method, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use kit::request;

pub(crate) use object::{Faults, Fields, Read, object};
pub(crate) use patch::Patch;
pub(crate) use text::words;
pub(crate) use tree::{DEEPEST, Tree};

use crate::{problem::Problem, shared::Shared};

/// What is kept of a request's time for the work that its body asks for.
const KEPT: Duration = Duration::from_millis(500);

/// Of a body that is too large this much is taken in before the refusal; one that announces more is refused at once.
const SWALLOWED: usize = 8 * 1024 * 1024;

/// A body of `application/json`, or of `application/merge-patch+json` in a PATCH.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Read> FromRequest<Arc<Shared>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Problem> {
        expect_json(request.method(), request.headers())?;
        let bytes = collect(request, shared.config.body_limit).await?;
        parse(&bytes).map(Json)
    }
}

/// No body, or an object without fields.
pub(crate) struct Nothing;

impl Read for Nothing {
    fn read(tree: Tree<'_>, faults: &mut Faults) -> Option<Self> {
        Fields::of(tree, [], faults).map(|_| Self)
    }
}

impl FromRequest<Arc<Shared>> for Nothing {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Problem> {
        if axum::body::HttpBody::is_end_stream(request.body()) {
            return Ok(Self);
        }
        let media = expect_json(request.method(), request.headers());
        let bytes = collect(request, shared.config.body_limit).await?;
        if bytes.is_empty() {
            return Ok(Self);
        }
        media?;
        parse(&bytes)
    }
}

fn expect_json(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
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

async fn collect(request: Request, limit: usize) -> Result<Bytes, Problem> {
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

/// Reads a whole body.
pub(crate) fn parse<T: Read>(bytes: &[u8]) -> Result<T, Problem> {
    let tree = Tree::parse(bytes)
        .map_err(|fault| Problem::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON", fault))?;
    let mut faults = Faults::default();
    let value = T::read(tree, &mut faults);
    let list = faults.into_list();
    value.filter(|_| list.is_empty()).ok_or_else(|| Problem::unacceptable(list))
}

#[cfg(test)]
mod tests;

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
