use std::time::Duration;

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use kit_base::request;
use tokio::time::timeout;

use crate::{edge::untaken::Counted, problem::Problem};

/// What is kept of a request's time for the work that its body asks for.
const KEPT: Duration = Duration::from_millis(500);

/// No body takes longer to come, however long its request may take.
const LONGEST: Duration = Duration::from_millis(2_500);

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

/// The request with its body whole, of at most `limit` bytes. While it waits for more of it, what has come is counted by what `counted`
/// gives.
pub(crate) async fn whole(
    request: Request,
    limit: usize,
    counted: impl FnOnce(&HeaderMap, usize) -> Counted,
) -> Result<Request, Problem> {
    if request.method().is_safe() || request.body().is_end_stream() {
        return Ok(request);
    }
    let (head, body) = request.into_parts();
    let announced = head.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let time = request::with_current(request::RequestContext::remaining)
        .unwrap_or(KEPT * 6)
        .saturating_sub(KEPT)
        .min(LONGEST);
    let announced = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let mut counted = counted(&head.headers, announced);
    counted.grow(0)?;
    let late = |_| Problem::of_status(StatusCode::REQUEST_TIMEOUT);
    let bytes = timeout(time, gather(body, limit, announced, counted)).await.map_err(late)??;
    Ok(Request::from_parts(head, Body::from(bytes)))
}

fn too_large(limit: usize) -> Problem {
    let message = format!("a body has at most {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", message)
}

/// All bytes, of which there are not more than `limit`.
async fn gather(
    mut body: Body,
    limit: usize,
    announced: usize,
    mut counted: Counted,
) -> Result<Bytes, Problem> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if whole.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        // Most bodies come in one piece.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        whole.extend_from_slice(&data);
        // What was announced is counted already.
        counted.grow(whole.len().saturating_sub(announced).min(data.len()))?;
    }
    Ok(whole.freeze())
}

fn broken(_: axum::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "BODY_BROKEN", "the body did not arrive whole")
}

/// The bytes of a body that is whole.
pub(super) async fn bytes(request: Request) -> Result<Bytes, Problem> {
    Ok(request.into_body().collect().await.map_err(broken)?.to_bytes())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use futures_util::stream;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;
    use crate::edge::untaken::Untaken;

    /// A body in these pieces, and how many of them were asked for.
    fn pieces(pieces: Vec<Result<Vec<u8>, &'static str>>) -> (Body, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let counted = pieces.into_iter().map(move |piece| {
            count.fetch_add(1, SeqCst);
            piece.map(Bytes::from).map_err(std::io::Error::other)
        });
        (Body::from_stream(stream::iter(counted)), asked)
    }

    /// What came of a body: its text, or the status and the code of the refusal.
    async fn collected(body: Body, length: Option<u64>, limit: usize) -> Result<String, String> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        let length = length.map(|length| (header::CONTENT_LENGTH, HeaderValue::from(length)));
        request.headers_mut().extend(length);
        let counted = |_: &HeaderMap, bytes| Arc::new(Untaken::default()).count(7, bytes);
        let whole = whole(request, limit, counted).await;
        let whole = whole.map_err(|problem| format!("{problem:?}"))?;
        Ok(String::from_utf8(bytes(whole).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_body_may_come_in_any_pieces() {
        for body in [vec!["abcdef"], vec!["abc", "def"], vec!["", "a", "", "bcde", "f", ""]] {
            let (body, _) = pieces(body.into_iter().map(|piece| Ok(piece.into())).collect());
            assert_eq!(collected(body, None, 6).await.as_deref(), Ok("abcdef"));
        }
        assert_eq!(collected(Body::empty(), Some(0), 6).await.as_deref(), Ok(""));
    }

    #[tokio::test]
    async fn a_body_that_grows_too_large_is_refused_and_one_that_announces_it_unread() {
        let (body, asked) = pieces(vec![Ok(vec![b'x'; 4]); 3]);
        let refusal = collected(body, None, 7).await.unwrap_err();
        assert!(refusal.contains("BODY_TOO_LARGE"), "{refusal}");
        assert_eq!(asked.load(SeqCst), 2, "no more is kept than is let in");
        let (body, asked) = pieces(vec![Ok(vec![b'x'; 8])]);
        let refusal = collected(body, Some(8), 7).await.unwrap_err();
        assert!(refusal.contains("BODY_TOO_LARGE"), "{refusal}");
        assert_eq!(asked.load(SeqCst), 0);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_no_body() {
        let (body, _) = pieces(vec![Ok(b"{}".to_vec()), Err("reset")]);
        let refusal = collected(body, None, 7).await.unwrap_err();
        assert!(refusal.contains("BODY_BROKEN") && !refusal.contains("reset"), "{refusal}");
    }

    #[tokio::test]
    async fn some_of_a_requests_time_is_kept_for_the_work() {
        let trace = kit_base::trace::TraceContext::random(false);
        for (left, least) in [(900, 400), (400, 0)] {
            let began = tokio::time::Instant::now();
            let deadline = began + Duration::from_millis(left);
            let context =
                request::RequestContext { request_id: "r".into(), trace, deadline, steps: None };
            let body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
            let refusal = request::scope(context, collected(body, None, 7)).await.unwrap_err();
            assert!(refusal.contains("BODY_TIMEOUT"), "{refusal}");
            let waited = began.elapsed().as_millis();
            assert!((least..u128::from(left)).contains(&waited), "{waited} of {left} ms");
        }
    }

    #[test]
    fn a_body_is_json_in_utf_8_as_it_is() {
        let taken = |method: Method, media: &str, coding: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, media.parse().unwrap());
            headers
                .extend(coding.map(|coding| (header::CONTENT_ENCODING, coding.parse().unwrap())));
            expect_json(&method, &headers).is_ok()
        };
        for media in [
            "application/json",
            "APPLICATION/JSON;charset=UTF-8",
            "application/json; charset=\"utf-8\"; profile=x",
            "application/json;",
        ] {
            assert!(taken(Method::POST, media, None), "{media}");
        }
        for media in [
            "",
            "application/jsonp",
            "application/merge-patch+json",
            "application/problem+json",
            "text/json",
            "application/json; charset=latin1",
            "application/json; charset",
            "application/json, text/plain",
        ] {
            assert!(!taken(Method::POST, media, None), "{media}");
        }
        assert!(taken(Method::PATCH, "application/merge-patch+json; charset=utf-8", None));
        assert!(!taken(Method::PUT, "application/merge-patch+json", None));
        assert!(taken(Method::POST, "application/json", Some("Identity")));
        for coding in ["gzip", "identity, gzip", "br", ""] {
            assert!(!taken(Method::POST, "application/json", Some(coding)), "{coding}");
        }
        assert!(expect_json(&Method::POST, &HeaderMap::new()).is_err());
    }
}
