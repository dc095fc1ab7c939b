//! The contract with clients as an OpenAPI 3.1 document, made from the handlers' own types.
mod complete;
mod examples;

use axum::http::HeaderValue;
use bytes::Bytes;
use utoipa::OpenApi;

use self::complete::Common;

use crate::{
    problem,
    resources::{about, accounts, activity, changes, projects, sessions, tasks, trash},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Errand",
        description = "Tasks, projects and their history. Times are RFC 3339 in UTC, ids are UUIDs. Lists come in pages: pass \
            `next_cursor` as `cursor` for the next one. Every refusal is an `application/problem+json` with a stable `code`. \
            Register, sign in, and put the access token into *Authorize*.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "accounts", description = "Signing up, in and out"),
        (name = "projects", description = "What tasks are grouped by"),
        (name = "tasks", description = "What there is to do"),
        (name = "trash", description = "What was deleted, until it is 30 days old"),
        (name = "changes", description = "What happens, to follow it"),
        (name = "about", description = "The API about itself"),
    ),
    paths(
        accounts::routes::register, sessions::routes::login, sessions::routes::refresh, sessions::routes::logout,
        accounts::routes::read, accounts::routes::update, accounts::routes::change_password, sessions::routes::list, sessions::routes::revoke,
        projects::routes::create, projects::routes::list, projects::routes::read, projects::routes::update, projects::routes::remove,
        tasks::routes::create, tasks::routes::list, tasks::routes::read, tasks::routes::update, tasks::routes::remove,
        tasks::routes::complete, tasks::routes::reopen, tasks::routes::relocate,
        trash::routes::list, trash::routes::restore, trash::routes::purge,
        changes::routes::list, changes::stream::stream, activity::routes::activity,
        about::routes::jwks, about::routes::limits, about::routes::openapi,
    ),
    components(schemas(problem::Document, problem::Fault, changes::Change)),
    security(("bearer" = [])),
    modifiers(&Common),
)]
struct Api;

/// The document as it is served.
pub(crate) struct Document {
    /// JSON.
    pub(crate) bytes: Bytes,
    /// Changes whenever they do.
    pub(crate) etag: HeaderValue,
}

impl Document {
    /// The document of an API that clients reach at `public_url`.
    pub(crate) fn new(public_url: &str) -> Self {
        let mut document = Api::openapi();
        let url = if public_url.is_empty() { "/" } else { public_url.trim_end_matches('/') };
        document.servers = Some(vec![utoipa::openapi::Server::new(url)]);
        let mut json = document.to_pretty_json().expect("the document is plain data");
        json.push('\n');
        let digest = ring::digest::digest(&ring::digest::SHA256, json.as_bytes());
        let start: String =
            digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let etag =
            HeaderValue::from_str(&format!("\"{start}\"")).expect("hexadecimal digits in quotes");
        Self { bytes: json.into(), etag }
    }
}
