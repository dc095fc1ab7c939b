//! A call that can be sent more than once: its one message is held.
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri, Version, uri::PathAndQuery};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};

use super::{deadline::Deadline, limits::Limits, target::Target};

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
            patience: if deadline.chosen { Duration::MAX } else { patience },
            repeatable: read || head.headers.contains_key("idempotency-key"),
            path,
            headers: head.headers,
            message: message.to_bytes(),
            deadline,
        })
    }

    /// The request of one attempt, to the server called `target`.
    pub(crate) fn attempt(&self, target: &Target) -> Request<Full<Bytes>> {
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
        request
    }
}
