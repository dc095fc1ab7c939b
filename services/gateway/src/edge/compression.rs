use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
    http::{Extensions, HeaderMap, StatusCode, Version, header},
    response::Response,
    routing::Route,
};
use tower_http::compression::{
    Compression, CompressionLevel, Predicate,
    predicate::{And, SizeAbove},
};

use crate::{condition, reply::Confidential};

/// Less than this fits into one packet anyway, in bytes.
const LEAST: u64 = 1024;

/// Which replies are packed.
pub(super) type Which = And<SizeAbove, fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool>;

/// Packs what `route` replies.
pub(super) fn around(route: Route) -> Compression<Route, Which> {
    // JSON shrinks to a tenth at any level; the fastest is the cheapest.
    Compression::new(route)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(LEAST).and(is_packable as _))
}

/// The reply as it is sent: what is packed has an ETag of its own (RFC 9110, 8.8.3.3).
pub(super) fn told<B>(reply: Response<B>) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut reply = reply.map(Body::new);
    let headers = reply.headers_mut();
    if headers.contains_key(header::CONTENT_ENCODING)
        && let Some(etag) = headers.get(header::ETAG).and_then(condition::packed)
    {
        headers.insert(header::ETAG, etag);
    }
    reply
}

/// Whether the client asks for gzip.
pub(super) fn wanted(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|codings| codings.to_str().ok())
        .is_some_and(|codings| codings.contains("gzip"))
}

fn is_packable(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media.as_bytes() == b"application/json");
    json && extensions.get::<Confidential>().is_none()
}
