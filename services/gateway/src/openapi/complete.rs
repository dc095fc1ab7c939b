//! What all operations share: the headers they read and write, the refusals they may give, and how to sign in.
use utoipa::{
    Modify,
    openapi::{
        Components, Content, ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr,
        Response, ResponseBuilder,
        path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        schema::Type,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::examples;

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

/// What decides which headers and refusals an operation has.
struct Traits {
    /// It needs no token.
    open: bool,
    /// It changes something.
    write: bool,
    /// It is about one resource that has a version.
    versioned: bool,
    /// It reads a body.
    body: bool,
    /// It signs someone in.
    signs_in: bool,
}

impl Traits {
    fn of(path: &str, method: &HttpMethod, operation: &Operation) -> Self {
        let nobody =
            |schemes: &Vec<SecurityRequirement>| schemes.contains(&SecurityRequirement::default());
        Self {
            open: operation.security.as_ref().is_some_and(nobody),
            write: *method != HttpMethod::Get,
            versioned: path == "/v1/me"
                || ["/v1/tasks/", "/v1/projects/"].iter().any(|one| path.starts_with(one)),
            body: operation.request_body.is_some() || *method == HttpMethod::Post,
            signs_in: ["/v1/auth/login", "/v1/auth/refresh"].contains(&path),
        }
    }

    /// Whether an operation on `path` may refuse with `status`.
    fn may_refuse(&self, path: &str, status: u16) -> bool {
        match status {
            401 => !self.open || self.signs_in,
            403 => self.write && !self.open,
            // A task may be made in a project that is not there.
            404 => path.contains('{') || path == "/v1/tasks" && self.write,
            408 | 413 | 415 => self.write && self.body,
            409 => self.write && !self.signs_in,
            410 => path.starts_with("/v1/changes"),
            412 => self.write && self.versioned,
            422 => self.write,
            _ => true,
        }
    }
}

fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let traits = Traits::of(path, method, operation);
    let mut headers = vec![];
    if traits.write && !traits.open {
        headers.push(header(
            "Idempotency-Key",
            "Makes a retry harmless for 24 h: the same key, the same outcome. Best a UUID.",
        ));
    }
    if traits.write && traits.versioned {
        headers.push(header(
            "If-Match",
            "The ETag that you know: refused with 412 when it has changed since.",
        ));
    }
    describe_success(&traits, operation);
    let responses = &mut operation.responses.responses;
    if !traits.write && (traits.versioned || path.ends_with(".json")) {
        headers.push(header(
            "If-None-Match",
            "The ETag that you have: answered with 304 when it is still the same.",
        ));
        responses.insert("304".to_owned(), Response::new("You have it already").into());
    }
    for (status, _, _) in REFUSALS.iter().filter(|(status, _, _)| traits.may_refuse(path, *status))
    {
        responses.insert(status.to_string(), RefOr::Ref(Ref::from_response_name(name(*status))));
    }
    if !headers.is_empty() {
        operation.parameters.get_or_insert_default().extend(headers);
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        let example = operation.operation_id.as_deref().and_then(examples::body);
        for content in body.content.values_mut() {
            let RefOr::T(content) = content else { continue };
            content.example.clone_from(&example);
        }
        if *method == HttpMethod::Patch {
            accept_merge_patch(body);
        }
    }
}

fn describe_success(traits: &Traits, operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let has_body = !response.content.is_empty();
        let mut tell = |name: &str, description: &str| {
            let header = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .description(Some(description));
            response.headers.insert(name.to_owned(), header.build().into());
        };
        tell("X-Request-Id", "Names the request in logs and in the journal.");
        if status == "201" {
            tell("Location", "Where it is.");
        }
        if status == "201" || has_body && traits.versioned {
            tell("ETag", "Its version, in quotes.");
        }
        if traits.write && !traits.open {
            tell(
                "Idempotency-Replayed",
                "`true` when the key was used before: this is the answer of then.",
            );
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
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(description))
        .schema(Some(text))
        .build()
        .into()
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
    let title =
        axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let example = serde_json::json!({
        "type": "about:blank", "title": title, "status": status, "detail": description,
        "instance": "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11", "code": code, "message": description,
        "timestamp": "2026-09-01T09:00:00Z", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
    });
    let content: Content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(Some(example))
        .build();
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
