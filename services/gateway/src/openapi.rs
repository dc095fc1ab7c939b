//! The contract with clients as an OpenAPI 3.1 document, made of what the resources offer.
mod complete;
mod document;
pub(crate) mod methods;
pub(crate) mod pattern;
mod refusals;
mod strict;

use utoipa::{
    OpenApi,
    openapi::{
        Components, Server, Tag,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
        tag::TagBuilder,
    },
};

pub(crate) use self::document::Document;

use self::{complete::complete, refusals::REFUSALS};
use crate::{operations::Operations, problem};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Errand",
        description = "Tasks, projects and their history. Times are RFC 3339 in UTC, ids are UUIDs. Lists come in pages: pass \
            `next_cursor` as `cursor` for the next one. Every refusal is an `application/problem+json` with a stable `code`. \
            Register, sign in, and put the access token into *Authorize*.",
        contact(name = "Errand"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(problem::Document, problem::Fault)),
    security(("bearer" = [])),
)]
struct Api;

/// The document of an API that clients reach at `public_url`.
pub(crate) fn document(resources: &[Operations], public_url: &str) -> Document {
    let mut document = Api::openapi();
    let url = if public_url.is_empty() { "/" } else { public_url.trim_end_matches('/') };
    document.servers = Some(vec![Server::new(url)]);
    document.tags = Some(tags(resources));
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for refusal in REFUSALS {
        components.responses.insert(refusal.name(), refusal.response().into());
    }
    for Operations { tag, list, bounds, .. } in resources {
        for operation in list {
            components.schemas.extend(operation.schemas.iter().cloned());
            let methods = vec![operation.method.clone()];
            document.paths.add_path_operation(&operation.path, methods, complete(operation, tag));
            strict::close(&operation.documented, &mut components.schemas);
        }
        for bound in bounds {
            strict::apply(bound, &mut components.schemas);
        }
    }
    Document::new(&document)
}

/// A tag for each resource; two that are one topic to a reader share theirs.
fn tags(resources: &[Operations]) -> Vec<Tag> {
    let said = resources.iter().filter(|resource| !resource.about.is_empty());
    said.map(|Operations { tag, about, .. }| {
        TagBuilder::new().name(*tag).description(Some(*about)).build()
    })
    .collect()
}
