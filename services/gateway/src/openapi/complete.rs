//! What an operation says in the document beyond its handler's own words, by its traits.
use kit_base::page;
use kit_rpc::idempotency;
use proto::auth::v1::limits::IDEMPOTENCY_KEYS;
use utoipa::openapi::{
    HeaderBuilder, ObjectBuilder, Ref, RefOr, Response,
    path::{HttpMethod, Operation as Documented, Parameter, ParameterBuilder, ParameterIn},
    request_body::RequestBody,
    schema::{KnownFormat, SchemaFormat, Type},
    security::SecurityRequirement,
};

use super::{pattern, refusals::REFUSALS};
use crate::operations::{Operation, Traits};

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// The whole of an operation of the resource `tag`.
pub(super) fn complete(operation: &Operation, tag: &str) -> Documented {
    let mut documented = operation.documented.clone();
    documented.tags = Some(vec![tag.to_owned()]);
    let Traits { access, versioned, cached, paged, example, .. } = &operation.traits;
    if access.is_open() {
        documented.security = Some(vec![SecurityRequirement::default()]);
    }
    describe_success(operation, &mut documented);
    let responses = &mut documented.responses.responses;
    if !operation.writes() && (*versioned || *cached) {
        responses.insert("304".to_owned(), Response::new("You have it already").into());
    }
    for refusal in REFUSALS.iter().filter(|refusal| may_refuse(operation, refusal.status)) {
        let reference = Ref::from_response_name(refusal.name());
        responses.insert(refusal.status.to_string(), RefOr::Ref(reference));
    }
    if *paged {
        documented.parameters.get_or_insert_default().extend(page());
    }
    let headers = headers(operation);
    if !headers.is_empty() {
        documented.parameters.get_or_insert_default().extend(headers);
    }
    if let Some(RefOr::T(body)) = &mut documented.request_body {
        for content in body.content.values_mut() {
            let RefOr::T(content) = content else { continue };
            content.example.clone_from(example);
        }
        if operation.method == HttpMethod::Patch {
            accept_merge_patch(body);
        }
    }
    documented
}

/// Whether an operation may refuse with `status`.
fn may_refuse(operation: &Operation, status: u16) -> bool {
    let Traits { access, refusals, .. } = &operation.traits;
    let (writes, open) = (operation.writes(), access.is_open());
    // One without fields may be sent an empty object.
    let body = writes;
    refusals.contains(&status)
        || match status {
            401 => !open,
            404 => is_about_one(&operation.documented),
            408 | 413 | 415 => body,
            409 => writes && !open,
            403 | 410 => false,
            422 => writes,
            _ => true,
        }
}

/// Whether it is about something that its path names, which may not be there.
fn is_about_one(documented: &Documented) -> bool {
    let mut parameters =
        documented.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        });
    parameters.any(|parameter| parameter.parameter_in == ParameterIn::Path)
}

/// Where a page begins and how long it is.
fn page() -> [RefOr<Parameter>; 2] {
    let whole = |number: i64| utoipa::Number::from(i32::try_from(number).unwrap_or(i32::MAX));
    let limit = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .default(Some(page::DEFAULT_LIMIT.into()))
        .minimum(Some(whole(1)))
        .maximum(Some(whole(page::MAX_LIMIT)));
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern::CURSOR));
    let query = |name, description, schema: ObjectBuilder| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .description(Some(description))
            .schema(Some(schema))
            .build()
            .into()
    };
    [
        query("limit", "The most items of the page.", limit),
        query(
            "cursor",
            "`next_cursor` of the page before, the other parameters as they were.",
            text,
        ),
    ]
}

/// The headers that an operation reads.
fn headers(operation: &Operation) -> Vec<RefOr<Parameter>> {
    let Traits { versioned, cached, resumed, .. } = &operation.traits;
    let header = |name: &str, description: &str, pattern: Option<&str>| {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(pattern);
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .description(Some(description))
            .schema(Some(text))
            .build()
            .into()
    };
    let key = || {
        let hours = idempotency::KEPT.as_secs() / 3600;
        let about = format!(
            "Makes a retry harmless for {hours} h: what was carried out under a key is answered as it was then, and not carried out again. A refusal is not kept. Best a UUID. An account's own settings, password and sessions remember their latest {IDEMPOTENCY_KEYS} keys."
        );
        header("Idempotency-Key", &about, Some(pattern::IDEMPOTENCY_KEY))
    };
    let known = || {
        let about = "The ETags that you know: refused with 412 when it is at another version.";
        header("If-Match", about, Some(pattern::IF_MATCH))
    };
    let had = || {
        let about = "The ETags that you have: answered with 304 when it is still one of them.";
        header("If-None-Match", about, Some(pattern::IF_NONE_MATCH))
    };
    let last = || {
        let about = "The `id` of the last event that you have.";
        header("Last-Event-ID", about, Some(pattern::CURSOR))
    };
    let headers = match operation.writes() {
        true => [operation.is_keyed().then(key), versioned.then(known), None],
        false => {
            let etag = *versioned || *cached;
            [etag.then(known), etag.then(had), resumed.then(last)]
        }
    };
    headers.into_iter().flatten().collect()
}

fn describe_success(operation: &Operation, documented: &mut Documented) {
    let Traits { versioned, .. } = &operation.traits;
    for (status, response) in &mut documented.responses.responses {
        let RefOr::T(response) = response else { continue };
        let has_body = !response.content.is_empty();
        let mut describe_header = |name: &str, description: &str| {
            let header = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .description(Some(description));
            response.headers.insert(name.to_owned(), header.build().into());
        };
        describe_header("X-Request-Id", "Names the request in logs and in the journal.");
        if status == "201" {
            describe_header("Location", "Where it is.");
        }
        if status == "201" || has_body && *versioned {
            describe_header("ETag", "Its version, in quotes.");
        }
        if operation.is_keyed() {
            describe_header(
                "Idempotency-Replayed",
                "`true` when the key was used before: this is the answer of then.",
            );
        }
    }
}

fn accept_merge_patch(body: &mut RequestBody) {
    if let Some(content) = body.content.get(JSON).cloned() {
        body.content.insert(MERGE_PATCH.to_owned(), content);
    }
}
