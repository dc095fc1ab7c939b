//! How the edge says no: RFC 9457, always, with a stable code.
mod fault;
mod status;

use std::{borrow::Cow, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kit_base::{Timestamp, error::Refusal};
use kit_rpc::token::TokenError;
use serde::Serialize;
use tonic::Status;
use utoipa::ToSchema;

pub(crate) use fault::Fault;
pub(crate) use status::kind;

/// The media type of a problem.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// No more faults than this are told: a body of a quarter megabyte can hold forty thousand.
pub(crate) const MOST_FAULTS: usize = 64;

/// A refusal. It travels as an extension of the response until the edge writes it down, once for all.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    status: StatusCode,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    faults: Vec<Fault>,
    retry_after: Option<Duration>,
    headers: Vec<(HeaderName, HeaderValue)>,
    policy: Option<&'static str>,
}

/// A refusal as RFC 9457 has it, with the four fields that our logs and clients go by: `code`, `message`, `timestamp`, `traceId`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "detail": "1 field is not acceptable",
    "instance": "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11", "code": "VALIDATION_FAILED", "message": "1 field is not acceptable",
    "timestamp": "2026-09-01T09:00:00Z", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
    "errors": [{"pointer": "/due/date", "code": "DATE", "message": proto::tasks::v1::limits::DAY}],
}))]
pub(crate) struct Document<'a> {
    /// What kind of problem: `about:blank` where the status says it all.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    kind: &'a str,
    /// The status in words.
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened, for a person.
    detail: &'a str,
    /// The id of the request.
    instance: &'a str,
    /// What happened, for a program: stable, `SCREAMING_SNAKE`.
    code: &'a str,
    /// The same as `detail`.
    message: &'a str,
    /// When it happened.
    #[schema(format = "date-time")]
    timestamp: String,
    /// Names the request in traces and logs.
    #[serde(rename = "traceId")]
    trace_id: String,
    /// Each field or parameter that is not acceptable.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Fault],
    /// The rates that were exceeded.
    #[serde(rename = "violated-policies", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    violated_policies: Option<[&'a str; 1]>,
}

/// Which request was refused, and when.
pub(crate) struct Occurrence<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) trace_id: String,
    pub(crate) at: Timestamp,
}

impl Problem {
    /// A problem of a status; `message` says what would be right.
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Details {
            status,
            code: code.into(),
            message: message.into(),
            faults: vec![],
            retry_after: None,
            headers: vec![],
            policy: None,
        }))
    }

    /// A body that parses but is not acceptable.
    pub(crate) fn unacceptable(faults: Vec<Fault>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_FAILED", fault::count(&faults))
            .with_faults(faults)
    }

    /// The same with what a service has found in the rest of the request: a place that is named already is not named twice, and
    /// what follows from it not at all.
    pub(crate) fn completed_by(self, answer: Option<Self>) -> Self {
        if self.is_condition() {
            return answer.unwrap_or(self);
        }
        let told = answer.filter(|problem| {
            matches!(&*problem.0.code, "VALIDATION_FAILED" | "INVALID_CURSOR" | "CURSOR_MISMATCH")
        });
        let more = told.into_iter().flat_map(|problem| problem.0.faults).filter(|fault| {
            let mut known = self.0.faults.iter();
            !known.any(|known| known.is_at_place_of(fault) || known.explains(fault))
        });
        let more: Vec<_> = more.collect();
        self.with_more(more)
    }

    /// Both at once, under the code of the first: it has to have one.
    pub(crate) fn and(self, other: Self) -> Self {
        let Details { code, message, mut faults, .. } = *other.0;
        if faults.is_empty() {
            faults.push(Fault::body(String::new(), code, message));
        }
        self.with_more(faults)
    }

    /// What is wrong with a head and with the rest, where something is.
    pub(crate) fn of_both(head: Option<Self>, rest: Option<Self>) -> Option<Self> {
        match (head, rest) {
            (Some(head), Some(rest)) if head.is_condition() => Some(rest),
            (Some(head), Some(rest)) => Some(head.and(rest)),
            (head, rest) => head.or(rest),
        }
    }

    /// Whether it is a condition that does not hold: it counts where nothing else is wrong (RFC 9110, 13.2.1).
    fn is_condition(&self) -> bool {
        self.0.status == StatusCode::PRECONDITION_FAILED
    }

    fn with_more(mut self, more: Vec<Fault>) -> Self {
        if !more.is_empty() {
            self.0.faults.extend(more);
            self.0.faults.truncate(MOST_FAULTS);
            self.0.message = fault::count(&self.0.faults).into();
        }
        self
    }

    /// A header that cannot be read.
    pub(crate) fn bad_header(
        name: &'static str,
        code: &'static str,
        message: &'static str,
    ) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
            .with_faults(vec![Fault::header(name, code, message)])
    }

    /// A refusal of a call whose request has no body: what is not acceptable is its query.
    pub(crate) fn of_query(status: Status) -> Self {
        let mut problem = Self::from(status);
        problem.blame_cursor(|code, message| Fault::query("cursor", code, message));
        if problem.0.status == StatusCode::UNPROCESSABLE_ENTITY {
            problem.0.status = StatusCode::BAD_REQUEST;
            problem.0.faults.iter_mut().for_each(Fault::blame_query);
        }
        problem
    }

    /// A refusal of a stream: what is not acceptable is the event that it should go on behind.
    pub(crate) fn of_stream(status: Status) -> Self {
        let mut problem = Self::from(status);
        problem.blame_cursor(|code, message| Fault::header("Last-Event-ID", code, message));
        problem
    }

    fn blame_cursor(&mut self, place: fn(Cow<'static, str>, Cow<'static, str>) -> Fault) {
        let Details { code, message, faults, .. } = &mut *self.0;
        if matches!(&**code, "INVALID_CURSOR" | "CURSOR_MISMATCH") {
            *faults = vec![place(code.clone(), message.clone())];
        }
    }

    /// A reply of axum's own that says no more than its status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, message) = status::words(status);
        Self::new(status, code, message)
    }

    pub(crate) fn with_faults(mut self, mut faults: Vec<Fault>) -> Self {
        faults.truncate(MOST_FAULTS);
        self.0.faults = faults;
        self
    }

    pub(crate) fn with_retry_after(mut self, pause: Duration) -> Self {
        self.0.retry_after = Some(pause);
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Names the rate that was exceeded.
    pub(crate) fn violates(mut self, policy: &'static str) -> Self {
        self.0.policy = Some(policy);
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The reply.
    pub(crate) fn write(self, Occurrence { request_id, trace_id, at }: Occurrence<'_>) -> Response {
        let Details { status, code, message, faults, retry_after, headers, policy } = *self.0;
        crate::edge::metrics::refused(&code);
        let body = Document {
            kind: status::kind(status),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: &message,
            instance: request_id,
            code: &code,
            message: &message,
            timestamp: at.to_string(),
            trace_id,
            errors: &faults,
            violated_policies: policy.map(|policy| [policy]),
        };
        let body = serde_json::to_vec(&body).expect("plain data");
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        let target = response.headers_mut();
        if let Some(pause) = status::retry_after(status, retry_after) {
            target.insert(header::RETRY_AFTER, HeaderValue::from(pause));
        }
        if status == StatusCode::UNAUTHORIZED {
            target.insert(header::WWW_AUTHENTICATE, status::challenge(&code));
        }
        target.extend(headers);
        response
    }
}

impl From<TokenError> for Problem {
    fn from(refusal: TokenError) -> Self {
        kit_base::status(&refusal).into()
    }
}

impl From<Status> for Problem {
    /// A refusal of one of our services, with its reason and faults.
    fn from(refused: Status) -> Self {
        let Refusal { reason, violations, retry_after } = Refusal::from_status(&refused);
        let (status, code) = status::for_refusal(refused.code(), reason.as_deref());
        let unexpected = status == StatusCode::INTERNAL_SERVER_ERROR;
        let known = reason.is_some() && !unexpected;
        let faults: Vec<Fault> = violations.into_iter().map(Fault::from).collect();
        if reason.is_none() && unexpected {
            tracing::error!(code = ?refused.code(), error = refused.message(), "a service has refused for no reason of ours");
        }
        // Without a reason of ours the text is tonic's or the network's: not for clients.
        let (code, message) = match reason {
            Some(reason) if reason == "VALIDATION_FAILED" && !faults.is_empty() => {
                (Cow::Owned(reason), Cow::Owned(fault::count(&faults)))
            }
            Some(reason) if known => (Cow::Owned(reason), Cow::Owned(refused.message().to_owned())),
            _ => (Cow::Borrowed(code), Cow::Borrowed(status::words(status).1)),
        };
        let mut problem = Self::new(status, code, message).with_faults(faults);
        problem.0.retry_after = retry_after;
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
