use std::convert::Infallible;

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header},
    response::Response,
};
use tower::{Service, ServiceExt as _};
use tower_http::compression::{
    Compression, CompressionLevel, Predicate,
    predicate::{And, SizeAbove},
};

use crate::{condition, reply::Confidential};

/// Less than this fits into one packet anyway, in bytes.
const LEAST: u64 = 1024;

/// Which replies are packed.
type Which = And<SizeAbove, fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool>;

/// What `route` answers, packed only for those who ask for it: the others do not pay.
pub(super) async fn answer<S>(route: S, request: Request) -> Result<Response, Infallible>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let reply = match wanted(request.headers()) {
        true => around(route).oneshot(request).await.map(told),
        false => route.oneshot(request).await,
    };
    reply.map(vary)
}

/// Packs what `route` replies.
fn around<S>(route: S) -> Compression<S, Which> {
    // JSON shrinks to a tenth at any level; the fastest is the cheapest.
    Compression::new(route)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(LEAST).and(is_packable as _))
}

/// The reply as it is sent: what is packed has an ETag of its own (RFC 9110, 8.8.3.3).
fn told<B>(reply: Response<B>) -> Response
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

/// Tells caches of a reply that another client may get packed, a 304 too (RFC 9110, 12.5.5 and 15.4.5).
fn vary(mut reply: Response) -> Response {
    let headers = reply.headers();
    let packable = is_packable(reply.status(), reply.version(), headers, reply.extensions());
    let may_differ = packable || reply.status() == StatusCode::NOT_MODIFIED;
    if may_differ && !headers.contains_key(header::VARY) {
        reply.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    reply
}

/// Whether the client asks for gzip.
fn wanted(headers: &HeaderMap) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_without_a_secret_is_packed() {
        let packable = |media: &'static str, secret: bool| {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(media))]);
            let mut extensions = Extensions::new();
            if secret {
                extensions.insert(Confidential);
            }
            is_packable(StatusCode::OK, Version::HTTP_11, &headers, &extensions)
        };
        assert!(packable("application/json", false));
        assert!(!packable("application/json", true), "its length would tell of the secret");
        for media in ["text/event-stream", "application/problem+json", "text/html; charset=utf-8"] {
            assert!(!packable(media, false), "{media}");
        }
    }

    #[test]
    fn the_etag_follows_the_encoding() {
        let etag = |headers: &[(&str, &str)]| {
            let reply = headers
                .iter()
                .fold(Response::builder(), |reply, (name, value)| reply.header(*name, *value));
            let reply = told(reply.body(Body::empty()).unwrap());
            reply.headers().get("etag").map(|etag| etag.to_str().unwrap().to_owned())
        };
        let (gzip, plain) = (("content-encoding", "gzip"), ("etag", "\"7\""));
        assert_eq!(etag(&[gzip, plain]).as_deref(), Some("\"7-gzip\""));
        assert_eq!(etag(&[plain]).as_deref(), Some("\"7\""));
        assert_eq!(
            etag(&[gzip, ("etag", "W/\"7\"")]).as_deref(),
            Some("W/\"7\""),
            "it is weak anyway"
        );
        assert_eq!(etag(&[gzip]), None);
    }
}
