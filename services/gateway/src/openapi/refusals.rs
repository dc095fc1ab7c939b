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
    description: &'static str,
    /// The code and the words of its example, as a refusal with the defaults has them.
    example: (&'static str, &'static str),
}

const fn refusal(
    status: u16,
    description: &'static str,
    example: (&'static str, &'static str),
) -> Refusal {
    Refusal { status, description, example }
}

/// Every status that some operation refuses with.
pub(super) const REFUSALS: &[Refusal] = &[
    refusal(
        400,
        "What cannot be parsed: JSON, query, cursor or header",
        (
            "MALFORMED_JSON",
            "the body cannot be read as JSON: EOF while parsing an object at line 1 column 1",
        ),
    ),
    refusal(401, "Not signed in", ("TOKEN_EXPIRED", "the access token has expired; refresh it")),
    refusal(
        403,
        "As much is kept, or was written today, as an account may",
        (
            "QUOTA_EXCEEDED",
            "an account may keep so many tasks, those in the trash too: 100000; delete some for good",
        ),
    ),
    refusal(404, "Missing, or someone else's", ("TASK_NOT_FOUND", "there is no such task")),
    refusal(
        408,
        "The body did not arrive in time",
        ("BODY_TIMEOUT", "the body did not arrive in time"),
    ),
    refusal(409, "At odds with what is there", ("ID_TAKEN", "the id is taken already")),
    refusal(
        410,
        "What the cursor points at is no longer kept: begin again",
        (
            "CURSOR_EXPIRED",
            "the cursor is too old, changes since then are no longer kept; read everything anew",
        ),
    ),
    refusal(
        412,
        "Changed since you read it, or without a version that could match",
        ("VERSION_MISMATCH", "it changed since: it is at version 7; read it again"),
    ),
    refusal(413, "The body is too large", ("BODY_TOO_LARGE", "a body has at most 262144 bytes")),
    refusal(
        414,
        "Path and query are too long",
        ("URI_TOO_LONG", "path and query have at most 8192 bytes"),
    ),
    refusal(
        415,
        "The body is not JSON, or it is packed",
        ("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json"),
    ),
    refusal(
        422,
        "What parses but is not acceptable: every fault at once",
        ("VALIDATION_FAILED", "1 field is not acceptable"),
    ),
    refusal(
        429,
        "Too often: wait as `Retry-After` says",
        ("TOO_MANY_REQUESTS", "at most 6000 requests in 60 s (policy `user`)"),
    ),
    refusal(
        431,
        "The headers are too long, or too many",
        ("HEADERS_TOO_LARGE", "there are at most 64 headers, of 16384 bytes together"),
    ),
    refusal(
        500,
        "Something went wrong on our side",
        ("INTERNAL", "something went wrong on our side"),
    ),
    refusal(
        501,
        "The body is packed on the way",
        (
            "UNSUPPORTED_TRANSFER_CODING",
            "a body comes chunked or with its length, and not packed on the way",
        ),
    ),
    refusal(
        503,
        "Not right now: wait as `Retry-After` says",
        ("UNAVAILABLE", "this cannot be done right now; try again soon"),
    ),
];

impl Refusal {
    /// By which operations refer to it.
    pub(super) fn name(&self) -> String {
        format!("Problem{}", self.status)
    }

    pub(super) fn response(&self) -> Response {
        let Self { status, description, example: (code, message) } = *self;
        let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let kind = StatusCode::from_u16(status).map_or("about:blank", problem::kind);
        let mut example = serde_json::json!({
            "type": kind, "title": title, "status": status, "detail": message,
            "instance": "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11", "code": code, "message": message,
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
