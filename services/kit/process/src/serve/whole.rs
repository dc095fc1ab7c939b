use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};

use super::limits::MOST_HEADERS;

/// What says that a request is more than its bytes, or is answered in a way of its own.
const UNUSUAL: [HeaderName; 4] =
    [header::TRANSFER_ENCODING, header::EXPECT, header::UPGRADE, header::ORIGIN];

/// A request of HTTP/1.1 that is all that has come, with its body; none where anything is unusual: hyper, and the
/// service behind it, decide about that.
pub fn whole(bytes: &[u8]) -> Option<Request<Body>> {
    let bytes = Bytes::copy_from_slice(bytes);
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let length = match head.parse(&bytes) {
        Ok(httparse::Status::Complete(length)) if head.version == Some(1) => length,
        _ => return None,
    };
    let mut request = Request::new(Body::from(bytes.slice(length..)));
    *request.method_mut() = Method::from_bytes(head.method?.as_bytes()).ok()?;
    *request.uri_mut() = head.path?.parse::<Uri>().ok()?;
    for field in head.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(field.value)).ok()?;
        request.headers_mut().append(name, value);
    }
    let fits = request.method() != Method::HEAD
        && !UNUSUAL.iter().any(|name| request.headers().contains_key(name))
        && goes_on(request.headers())
        && body_length(request.headers()) == Some(bytes.len() - length);
    fits.then_some(request)
}

/// Whether the connection goes on behind it, as it does in HTTP/1.1 where nothing is said of it.
fn goes_on(headers: &HeaderMap) -> bool {
    let mut said = headers.get_all(header::CONNECTION).into_iter();
    said.all(|value| value.as_bytes().eq_ignore_ascii_case(b"keep-alive"))
}

/// What is said of the body's length, if that is said once at most.
fn body_length(headers: &HeaderMap) -> Option<usize> {
    let mut said = headers.get_all(header::CONTENT_LENGTH).into_iter();
    match (said.next(), said.next()) {
        (None, _) => Some(0),
        (Some(length), None) => {
            let digits = length.to_str().ok()?;
            // It would take a sign, too.
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_come_as_a_whole_and_is_as_usual_is_read() {
        let target = |bytes: &str| whole(bytes.as_bytes()).map(|request| request.uri().to_string());
        let get = "GET /v1/tasks?limit=1 HTTP/1.1\r\nhost: a\r\n";
        let post = "POST /v1/tasks HTTP/1.1\r\nhost: a\r\n";
        assert_eq!(target(&format!("{get}\r\n")).as_deref(), Some("/v1/tasks?limit=1"));
        assert_eq!(
            target(&format!("{post}content-length: 2\r\n\r\n{{}}")).as_deref(),
            Some("/v1/tasks")
        );
        assert!(target(&format!("{get}Connection: Keep-Alive\r\n\r\n")).is_some());
        for unusual in [
            get.to_owned(),
            format!("{get}\r\nGET"),
            format!("{get}content-length: 1\r\n\r\n"),
            format!("{get}content-length: +0\r\n\r\n"),
            format!("{get}content-length: 0\r\ncontent-length: 0\r\n\r\n"),
            format!("{get}transfer-encoding: chunked\r\n\r\n"),
            format!("{get}Connection: close\r\n\r\n"),
            format!("{get}expect: 100-continue\r\n\r\n"),
            format!("{get}origin: https://a\r\n\r\n"),
            format!("{get}upgrade: h2c\r\n\r\n"),
            format!("{get}{}\r\n", "x: y\r\n".repeat(MOST_HEADERS)),
            get.replace("1.1", "1.0") + "\r\n",
            get.replace("GET", "HEAD") + "\r\n",
            get.replace("host: a", "host a") + "\r\n",
            get.replace("/v1", "v1 ") + "\r\n",
            "PRI * HTTP/2.0\r\n\r\n".to_owned(),
            format!("{post}content-length: 3\r\n\r\n{{}}"),
            format!("{post}content-length: 1\r\n\r\n{{}}"),
        ] {
            assert_eq!(target(&unusual), None, "{unusual:?}");
        }
    }
}
