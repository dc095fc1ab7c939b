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

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const APP: &str = "https://app.example.org";

    fn cors(origins: &[&str]) -> Cors {
        Cors::new(&origins.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    /// What a script of `origin` is allowed, and what the answer depends on.
    fn allowed(cors: &Cors, origin: Option<&str>) -> (String, String, bool) {
        let asked = HeaderMap::from_iter(
            origin.map(|origin| (header::ORIGIN, HeaderValue::from_str(origin).unwrap())),
        );
        let mut told = HeaderMap::new();
        cors.allow(&mut told, cors.origin(&asked));
        let text = |name| told.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let exposed = told.contains_key(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        (text(header::ACCESS_CONTROL_ALLOW_ORIGIN), text(header::VARY), exposed)
    }

    #[test]
    fn an_origin_is_allowed_that_is_on_the_list_letter_by_letter() {
        let (none, some, any) = (cors(&[]), cors(&[APP, "http://localhost:3000"]), cors(&["*"]));
        let told = |allow: &str, vary: &str, exposed| (allow.to_owned(), vary.to_owned(), exposed);
        assert_eq!(allowed(&some, Some(APP)), told(APP, "origin", true));
        for origin in [
            "https://app.example.org.evil.example",
            "https://app.example.org:8443",
            "http://app.example.org",
            "https://example.org",
            "null",
            "*",
        ] {
            assert_eq!(allowed(&some, Some(origin)), told("", "origin", false), "{origin}");
            assert_eq!(allowed(&any, Some(origin)), told("*", "", true), "{origin}");
            assert_eq!(allowed(&none, Some(origin)), told("", "", false), "{origin}");
        }
        assert_eq!(allowed(&some, None), told("", "origin", false), "it is no script");
        assert_eq!(allowed(&any, None), told("", "", false));
        assert_eq!(allowed(&cors(&[APP, "*"]), Some("https://evil.example")).0, "*");
        assert!(Cors::new(&["https://a\nb".to_owned()]).is_err());
    }

    #[test]
    fn only_a_browser_that_asks_first_is_answered_without_a_handler() {
        let asks = |cors: &Cors, method: Method, headers: &[(&str, &str)]| {
            let request = Request::builder().method(method).uri("/v1/tasks");
            let request = headers
                .iter()
                .fold(request, |request, (name, value)| request.header(*name, *value));
            cors.preflight(&request.body(Body::empty()).unwrap())
                .map(|reply| reply.status().as_u16())
        };
        let (method, origin) = (("access-control-request-method", "PATCH"), ("origin", APP));
        let some = cors(&[APP]);
        assert_eq!(asks(&some, Method::OPTIONS, &[method, origin]), Some(204));
        for (method, headers) in [
            (Method::OPTIONS, &[origin][..]),
            (Method::OPTIONS, &[method]),
            (Method::OPTIONS, &[method, ("origin", "https://evil.example")]),
            (Method::GET, &[method, origin]),
            (Method::POST, &[method, origin]),
        ] {
            assert_eq!(asks(&some, method.clone(), headers), None, "{method} {headers:?}");
        }
        assert_eq!(asks(&cors(&[]), Method::OPTIONS, &[method, origin]), None);
    }
}
