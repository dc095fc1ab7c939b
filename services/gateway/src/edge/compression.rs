use std::{convert::Infallible, io::Write as _};

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use flate2::{Compression, write::GzEncoder};
use http_body_util::BodyExt as _;
use tower::{Service, ServiceExt as _};

use super::sent::{self, HasRoom};
use crate::{condition, problem::Problem, reply::Confidential};

/// Less than this fits into one packet anyway, in bytes.
const LEAST: u64 = 1024;
/// So much is packed at a time, in bytes: others have their turn in between.
const PIECE: usize = 64 * 1024;

/// What `route` answers, packed only for those who ask for it: the others do not pay.
pub(super) async fn answer<S>(route: S, request: Request) -> Result<Response, Infallible>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let wanted = is_wanted(request.headers());
    let reply = route.oneshot(request).await?;
    let packable = is_packable(reply.headers(), reply.extensions());
    let large = reply.body().size_hint().exact().is_some_and(|size| size >= LEAST);
    let reply = if packable && wanted && large { packed(reply).await } else { reply };
    let may_differ = packable || reply.status() == StatusCode::NOT_MODIFIED;
    Ok(if may_differ { vary(reply) } else { reply })
}

/// The reply as it is sent: packed whole, so that it waits for its client as small as it is, and with an ETag of its own (RFC 9110, 8.8.3.3).
async fn packed(reply: Response) -> Response {
    let (mut head, body) = reply.into_parts();
    let whole = match body.collect().await {
        Ok(whole) => whole,
        Err(error) => {
            tracing::error!(error = %error, "an answer broke off before it was packed");
            return Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        }
    };
    let bytes = whole.to_bytes();
    let Some(packed) = pack(&bytes).await else {
        return Response::from_parts(head, Body::from(bytes));
    };
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers.remove(header::CONTENT_LENGTH);
    if let Some(etag) = head.headers.get(header::ETAG).and_then(condition::packed) {
        head.headers.insert(header::ETAG, etag);
    }
    let body = match head.extensions.get::<HasRoom>() {
        // Which stays with what was read.
        Some(HasRoom) => sent::keeping(bytes, Body::from(packed)),
        None => Body::from(packed),
    };
    Response::from_parts(head, body)
}

/// As gzip. JSON shrinks to a tenth at any level; the fastest is the cheapest.
async fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    for (number, piece) in bytes.chunks(PIECE).enumerate() {
        if number > 0 {
            tokio::task::yield_now().await;
        }
        packed.write_all(piece).ok()?;
    }
    let mut packed = packed.finish().ok()?;
    packed.shrink_to_fit();
    Some(packed)
}

/// Tells caches of a reply that another client may get packed, a 304 too (RFC 9110, 12.5.5 and 15.4.5).
fn vary(mut reply: Response) -> Response {
    let varies = reply.headers_mut().entry(header::VARY);
    varies.or_insert(HeaderValue::from_static("accept-encoding"));
    reply
}

/// Whether the client asks for gzip (RFC 9110, 12.5.3).
fn is_wanted(headers: &HeaderMap) -> bool {
    let listed = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let mut codings = listed.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let mut weights = parts.filter_map(|part| part.strip_prefix(['q', 'Q'])?.strip_prefix('='));
        is_gzip && weights.all(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0))
    })
}

fn is_packable(headers: &HeaderMap, extensions: &Extensions) -> bool {
    let json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media.as_bytes() == b"application/json");
    json && !headers.contains_key(header::CONTENT_ENCODING)
        && extensions.get::<Confidential>().is_none()
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
            is_packable(&headers, &extensions)
        };
        assert!(packable("application/json", false));
        assert!(!packable("application/json", true), "its length would tell of the secret");
        for media in ["text/event-stream", "application/problem+json", "text/html; charset=utf-8"] {
            assert!(!packable(media, false), "{media}");
        }
    }

    #[test]
    fn gzip_is_sent_to_who_asks_for_it() {
        for (asked, is_asked) in [
            ("gzip", true),
            ("deflate, GZip;q=0.1", true),
            ("br;q=1.0, gzip; q=0.8, *;q=0.1", true),
            ("gzip;q=0", false),
            ("gzip;Q=0", false),
            ("gzip; q=0.000", false),
            ("gzip;q=often", false),
            ("xgzip", false),
            ("identity", false),
            ("", false),
        ] {
            let value = HeaderValue::from_static(asked);
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]);
            assert_eq!(is_wanted(&headers), is_asked, "{asked}");
        }
    }

    #[tokio::test]
    async fn what_is_packed_has_its_length_and_an_etag_of_its_own_and_is_all_there() {
        let text = "0123456789".repeat(20_000);
        for (etag, own) in [("\"7\"", "\"7-gzip\""), ("W/\"7\"", "W/\"7\"")] {
            let reply = Response::builder().header("etag", etag).body(Body::from(text.clone()));
            let reply = packed(reply.unwrap()).await;
            assert_eq!(reply.headers()["etag"], own);
            assert_eq!(reply.headers()["content-encoding"], "gzip");
            let size = reply.body().size_hint().exact().unwrap();
            let bytes = reply.into_body().collect().await.unwrap().to_bytes();
            assert!(bytes.len() as u64 == size && bytes.len() < text.len() / 20, "{size}");
            let mut read = String::new();
            std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut read)
                .unwrap();
            assert!(read == text);
        }
    }
}
