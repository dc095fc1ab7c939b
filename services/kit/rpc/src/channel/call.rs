//! A call that can be sent more than once: its one message is held.
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri, Version, uri::PathAndQuery};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};

use super::{deadline::Deadline, limits::Limits, target::Target};
use crate::idempotency;
use kit_base::trace::{TRACEPARENT, TraceContext};

/// How long a call occupies its place at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// Until its answer, which is near.
    Brief,
    /// A stream of answers, or an answer that its caller is ready to wait for: it must not stand in the way of others.
    Lasting,
}

/// One call, as it is sent in each attempt.
#[derive(Debug)]
pub(crate) struct Call {
    path: PathAndQuery,
    headers: HeaderMap,
    message: Bytes,
    pub(crate) deadline: Deadline,
    pub(crate) length: Length,
    /// How long one attempt may wait for its answer.
    pub(crate) patience: Duration,
    /// Whether the peer does no harm by seeing it twice.
    pub(crate) repeatable: bool,
}

impl Call {
    /// Takes the message in; `RESOURCE_EXHAUSTED` when it is larger than allowed.
    pub(crate) async fn read(
        request: Request<Body>,
        deadline: Deadline,
        limits: &Limits,
    ) -> Result<Self, Status> {
        let (head, body) = request.into_parts();
        let message = Limited::new(body, limits.message).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                kit_base::error::refuse(
                    Code::ResourceExhausted,
                    "MESSAGE_TOO_LARGE",
                    "the message is too large",
                )
            } else {
                Status::from_error(error)
            }
        })?;
        let path =
            head.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let read = limits.methods.reads.contains(&path.path());
        let stream = limits.methods.streams.contains(&path.path());
        let patience = if read { limits.read } else { limits.write };
        let slow =
            deadline.chosen && deadline.at.saturating_duration_since(Instant::now()) > patience;
        Ok(Self {
            length: if slow || stream { Length::Lasting } else { Length::Brief },
            // A stream begins at once, however long it lasts.
            patience: if deadline.chosen && !stream { Duration::MAX } else { patience },
            repeatable: read || head.headers.contains_key(idempotency::KEY),
            path,
            headers: head.headers,
            message: message.to_bytes(),
            deadline,
        })
    }

    /// `/package.Service/Method`
    pub(crate) fn path(&self) -> &str {
        self.path.path()
    }

    /// The request of one attempt, to the server called `target`, as the step `trace` where that is noted.
    pub(crate) fn attempt(
        &self,
        target: &Target,
        trace: Option<TraceContext>,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.message.clone()));
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        let mut uri = http::uri::Parts::default();
        (uri.scheme, uri.authority, uri.path_and_query) =
            (Some(target.scheme()), Some(target.authority.clone()), Some(self.path.clone()));
        *request.uri_mut() =
            Uri::from_parts(uri).expect("scheme, authority and path are all there");
        request.headers_mut().clone_from(&self.headers);
        self.deadline.write(request.headers_mut());
        if let Some(trace) = trace {
            request.headers_mut().insert(TRACEPARENT, trace.header());
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::{super::limits::Methods, *};

    fn limits() -> Limits {
        let methods =
            Methods { reads: &["/t.T/Get", "/t.T/Watch"], streams: &["/t.T/Watch", "/t.T/Tail"] };
        let (read, write) = (Duration::from_secs(1), Duration::from_secs(2));
        Limits { methods, read, write, message: 8, ..Limits::default() }
    }

    async fn read(
        path: &str,
        headers: &[(&str, &str)],
        message: &'static [u8],
    ) -> Result<Call, Status> {
        let request = headers
            .iter()
            .fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::new(Full::from(message))).unwrap();
        let deadline = Deadline::for_call(request.headers(), Duration::ZERO);
        Call::read(request, deadline, &limits()).await
    }

    #[tokio::test]
    async fn what_a_call_asks_for_says_how_long_it_may_wait_and_whether_it_may_come_twice() {
        use Length::{Brief, Lasting};
        let (second, forever) = (Duration::from_secs(1), Duration::MAX);
        let (key, soon, late) =
            (("idempotency-key", "k"), ("grpc-timeout", "900m"), ("grpc-timeout", "5S"));
        for (path, headers, length, patience, repeatable) in [
            ("/t.T/Get", &[][..], Brief, second, true),
            ("/t.T/Get", &[soon], Brief, forever, true),
            ("/t.T/Get", &[late], Lasting, forever, true),
            ("/t.T/Watch", &[], Lasting, second, true),
            ("/t.T/Watch", &[late], Lasting, second, true),
            ("/t.T/Tail", &[], Lasting, second * 2, false),
            ("/t.T/Set", &[], Brief, second * 2, false),
            ("/t.T/Set", &[key], Brief, second * 2, true),
            ("/t.T/Set", &[key, late], Lasting, forever, true),
            // Not the read of another service.
            ("/u.T/Get", &[], Brief, second * 2, false),
        ] {
            let call = read(path, headers, b"message").await.unwrap();
            let told = (call.length, call.patience, call.repeatable);
            assert_eq!(told, (length, patience, repeatable), "{path} {headers:?}");
        }
    }

    #[tokio::test]
    async fn a_message_may_be_as_large_as_the_limit_and_no_larger() {
        assert!(read("/t.T/Get", &[], b"12345678").await.is_ok());
        let refusal = read("/t.T/Get", &[], b"123456789").await.unwrap_err();
        let reason = kit_base::error::Refusal::from_status(&refusal).reason;
        let told = (refusal.code(), reason.as_deref());
        assert_eq!(told, (Code::ResourceExhausted, Some("MESSAGE_TOO_LARGE")));
    }

    #[tokio::test(start_paused = true)]
    async fn each_attempt_is_the_same_but_for_the_time_that_is_left() {
        let of_caller = TraceContext::random(false).header();
        let of_caller = ("traceparent", of_caller.to_str().unwrap());
        let own = [("grpc-timeout", "3S"), ("x-own", "kept"), of_caller];
        let call = read("http://ignored:9/t.T/Get", &own, b"message").await.unwrap();
        let targets = super::super::target::targets("http://one:1,https://two:2").unwrap();
        for (target, uri, left) in [
            (&targets[0], "http://one:1/t.T/Get", "3000m"),
            (&targets[1], "https://two:2/t.T/Get", "2000m"),
        ] {
            let trace = TraceContext::random(true);
            let attempt = call.attempt(target, Some(trace));
            let told: Vec<_> = attempt.headers().get_all(TRACEPARENT).iter().collect();
            assert_eq!(told, [&trace.header()], "it stands in the attempt, and nowhere else");
            assert_eq!(attempt.uri().to_string(), uri);
            assert_eq!((attempt.method(), attempt.version()), (&Method::POST, Version::HTTP_2));
            assert_eq!(attempt.headers()["grpc-timeout"], left);
            assert_eq!(attempt.headers()["x-own"], "kept");
            assert_eq!(attempt.into_body().collect().await.unwrap().to_bytes(), "message");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }
}
