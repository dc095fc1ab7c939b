//! What all operations share: the headers they read and write, the refusals they may give, and how to sign in.
use utoipa::{
    Modify,
    openapi::{
        Components, Content, ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
        path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        schema::Type,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

const MERGE_PATCH: &str = "application/merge-patch+json";
const PROBLEM: &str = "application/problem+json";

/// Adds it.
pub(super) struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::new);
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        for status in REFUSALS {
            components.responses.insert(name(status.0), RefOr::T(refusal(*status)));
        }
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                complete(path, &method, operation);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let methods = [
        (HttpMethod::Get, get),
        (HttpMethod::Put, put),
        (HttpMethod::Post, post),
        (HttpMethod::Delete, delete),
        (HttpMethod::Patch, patch),
    ];
    methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let open = operation.security.as_ref().is_some_and(|schemes| schemes.iter().any(|scheme| *scheme == Default::default()));
    let (write, single) = (*method != HttpMethod::Get, is_single(path));
    let body = operation.request_body.is_some();
    let versioned = single && write && !path.starts_with("/v1/trash") && !path.starts_with("/v1/sessions");
    let parameters = operation.parameters.get_or_insert_default();
    if write && !open {
        parameters.push(header("Idempotency-Key", "Makes a retry harmless for 24 h: the same key, the same outcome. Best a UUID."));
    }
    if versioned {
        parameters.push(header("If-Match", "The ETag that you know: refused with 412 when it has changed since."));
    }
    if !write && (single || path.ends_with(".json")) {
        parameters.push(header("If-None-Match", "The ETag that you have: answered with 304 when it is still the same."));
        operation.responses.responses.insert("304".to_owned(), Response::new("You have it already").into());
    }
    if parameters.is_empty() {
        operation.parameters = None;
    }
    let applies = |status: u16| match status {
        401 => !open || path == "/v1/auth/login" || path == "/v1/auth/refresh",
        403 | 415 | 422 if !write => false,
        403 => !open,
        404 => path.contains('{'),
        409 => write && path != "/v1/auth/login" && path != "/v1/auth/refresh",
        410 => path.starts_with("/v1/changes"),
        412 => versioned,
        408 | 413 | 415 | 422 => write && (body || *method == HttpMethod::Post),
        _ => true,
    };
    for (status, _, _) in REFUSALS.iter().filter(|(status, _, _)| applies(*status)) {
        operation.responses.responses.insert(status.to_string(), RefOr::Ref(Ref::from_response_name(name(*status))));
    }
    describe_success(method, open, operation);
    if *method == HttpMethod::Patch
        && let Some(RefOr::T(body)) = &mut operation.request_body
    {
        accept_merge_patch(body);
    }
}

/// Paths of one resource that has a version.
fn is_single(path: &str) -> bool {
    path == "/v1/me" || path.contains("{id}")
}

fn describe_success(method: &HttpMethod, open: bool, operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let has_body = !response.content.is_empty();
        let mut tell = |name: &str, description: &str| {
            let header = HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).description(Some(description));
            response.headers.insert(name.to_owned(), header.build().into());
        };
        tell("X-Request-Id", "Names the request in logs and in the journal.");
        if status == "201" {
            tell("Location", "Where it is.");
        }
        if status == "201" || has_body && matches!(method, HttpMethod::Patch) {
            tell("ETag", "Its version, in quotes.");
        }
        if *method != HttpMethod::Get && !open {
            tell("Idempotency-Replayed", "`true` when the key was used before: this is the answer of then.");
        }
    }
}

fn accept_merge_patch(body: &mut utoipa::openapi::request_body::RequestBody) {
    if let Some(content) = body.content.get("application/json").cloned() {
        body.content.insert(MERGE_PATCH.to_owned(), content);
    }
}

fn header(name: &str, description: &str) -> RefOr<Parameter> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).description(Some(description)).schema(Some(text)).build().into()
}

/// Each status that refuses, its example's code, and when it is given.
const REFUSALS: &[(u16, &str, &str)] = &[
    (400, "MALFORMED_JSON", "What cannot be parsed: JSON, query, cursor or header"),
    (401, "TOKEN_EXPIRED", "Not signed in"),
    (403, "FORBIDDEN", "Known, but not allowed"),
    (404, "NOT_FOUND", "Missing, or someone else's"),
    (408, "BODY_TIMEOUT", "The body did not arrive in time"),
    (409, "ID_TAKEN", "At odds with what is there"),
    (410, "CURSOR_EXPIRED", "What the cursor points at is no longer kept: begin again"),
    (412, "VERSION_MISMATCH", "Changed since you read it"),
    (413, "BODY_TOO_LARGE", "The body is too large"),
    (415, "UNSUPPORTED_MEDIA_TYPE", "The body is not JSON, or it is packed"),
    (422, "VALIDATION_FAILED", "What parses but is not acceptable: every fault at once"),
    (429, "TOO_MANY_REQUESTS", "Too often: wait as `Retry-After` says"),
    (500, "INTERNAL", "Something went wrong on our side"),
    (503, "UNAVAILABLE", "Not right now: wait as `Retry-After` says"),
];

fn name(status: u16) -> String {
    format!("Problem{status}")
}

fn refusal((status, code, description): (u16, &str, &str)) -> Response {
    let title = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let example = serde_json::json!({
        "type": "about:blank", "title": title, "status": status, "detail": description,
        "instance": "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11", "code": code, "message": description,
        "timestamp": "2026-09-01T09:00:00Z", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
    });
    let content: Content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).example(Some(example)).build();
    let text = |name: &str, kind: Type| (name.to_owned(), ObjectBuilder::new().schema_type(kind));
    let header = match status {
        401 => Some(text("WWW-Authenticate", Type::String)),
        429 | 503 => Some(text("Retry-After", Type::Integer)),
        _ => None,
    };
    let response = ResponseBuilder::new().description(description).content(PROBLEM, content);
    let response = header.into_iter().fold(response, |response, (name, schema)| {
        response.header(name, HeaderBuilder::new().schema(Some(schema)).build())
    });
    response.build()
}
