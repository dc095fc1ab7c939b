use axum::http::StatusCode;
use utoipa::openapi::{
    Content, ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, Response, ResponseBuilder,
    schema::Type,
};

use crate::problem;

const PROBLEM: &str = "application/problem+json";

/// A status that refuses, and when it is given.
pub(super) struct Refusal {
    pub(super) status: u16,
    /// The code of its example.
    code: &'static str,
    description: &'static str,
}

const fn refusal(status: u16, code: &'static str, description: &'static str) -> Refusal {
    Refusal { status, code, description }
}

/// Every status that some operation refuses with.
pub(super) const REFUSALS: &[Refusal] = &[
    refusal(400, "MALFORMED_JSON", "What cannot be parsed: JSON, query, cursor or header"),
    refusal(401, "TOKEN_EXPIRED", "Not signed in"),
    refusal(403, "QUOTA_EXCEEDED", "As much is kept, or was written today, as an account may"),
    refusal(404, "TASK_NOT_FOUND", "Missing, or someone else's"),
    refusal(408, "BODY_TIMEOUT", "The body did not arrive in time"),
    refusal(409, "ID_TAKEN", "At odds with what is there"),
    refusal(410, "CURSOR_EXPIRED", "What the cursor points at is no longer kept: begin again"),
    refusal(
        412,
        "VERSION_MISMATCH",
        "Changed since you read it, or without a version that could match",
    ),
    refusal(413, "BODY_TOO_LARGE", "The body is too large"),
    refusal(415, "UNSUPPORTED_MEDIA_TYPE", "The body is not JSON, or it is packed"),
    refusal(422, "VALIDATION_FAILED", "What parses but is not acceptable: every fault at once"),
    refusal(429, "TOO_MANY_REQUESTS", "Too often: wait as `Retry-After` says"),
    refusal(500, "INTERNAL", "Something went wrong on our side"),
    refusal(503, "UNAVAILABLE", "Not right now: wait as `Retry-After` says"),
];

impl Refusal {
    /// By which operations refer to it.
    pub(super) fn name(&self) -> String {
        format!("Problem{}", self.status)
    }

    pub(super) fn response(&self) -> Response {
        let Self { status, code, description } = *self;
        let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let kind = StatusCode::from_u16(status).map_or("about:blank", problem::kind);
        let mut example = serde_json::json!({
            "type": kind, "title": title, "status": status, "detail": description,
            "instance": "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11", "code": code, "message": description,
            "timestamp": "2026-09-01T09:00:00Z", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        });
        if status == 422 {
            let message = proto::tasks::v1::limits::DAY;
            example["errors"] =
                serde_json::json!([{"pointer": "/due/date", "code": "DATE", "message": message}]);
        }
        let content: Content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .example(Some(example))
            .build();
        let header = match status {
            401 => Some(("WWW-Authenticate", Type::String)),
            429 | 503 => Some(("Retry-After", Type::Integer)),
            _ => None,
        };
        let response = ResponseBuilder::new().description(description).content(PROBLEM, content);
        let response = header.into_iter().fold(response, |response, (name, kind)| {
            let schema = ObjectBuilder::new().schema_type(kind);
            response.header(name, HeaderBuilder::new().schema(Some(schema)).build())
        });
        response.build()
    }
}
