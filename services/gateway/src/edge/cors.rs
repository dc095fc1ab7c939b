use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, header::InvalidHeaderValue},
    response::{IntoResponse as _, Response},
};

/// Which other sites' scripts may call the API (Fetch standard, 3.2).
pub(crate) struct Cors {
    origins: Vec<HeaderValue>,
    any: bool,
}

/// All methods of the API.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PATCH, PUT, DELETE");
/// All headers that the API reads.
const READ: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, traceparent, x-request-id",
);
/// All headers of ours that a script may see.
const SHOWN: HeaderValue = HeaderValue::from_static(
    "etag, location, idempotency-replayed, ratelimit, ratelimit-policy, retry-after, traceparent, www-authenticate, x-request-id",
);
/// How long a browser remembers the answer, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("7200");

impl Cors {
    /// Scripts from `origins` may call; from anywhere if one of them is `*`.
    pub(crate) fn new(origins: &[String]) -> Result<Self, InvalidHeaderValue> {
        let any = origins.iter().any(|origin| origin == "*");
        let origins: Result<_, _> = origins.iter().map(|origin| origin.parse()).collect();
        Ok(Self { origins: origins?, any })
    }

    /// The request's origin, where it is one of those.
    pub(super) fn origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN).filter(|_| !self.origins.is_empty())?;
        if self.any {
            return Some(HeaderValue::from_static("*"));
        }
        self.origins.contains(origin).then(|| origin.clone())
    }

    /// The answer to a browser that asks whether a script may call.
    pub(super) fn preflight(&self, request: &Request) -> Option<Response> {
        let headers = request.headers();
        let asks = request.method() == Method::OPTIONS
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || self.origin(headers).is_none() {
            return None;
        }
        let told = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, READ),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        ];
        Some((StatusCode::NO_CONTENT, told).into_response())
    }

    /// Lets the script of `origin` see a reply.
    pub(super) fn allow(&self, headers: &mut HeaderMap, origin: Option<HeaderValue>) {
        if self.origins.is_empty() {
            return;
        }
        if !self.any {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
        }
    }
}
