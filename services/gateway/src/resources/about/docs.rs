//! A page to read the API by and to try it out; all of it comes from this process.
use std::sync::{Arc, LazyLock};

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use utoipa_swagger_ui::Config;

/// The page runs scripts of its own, and they ask the API: on this page alone.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     font-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

const PAGE: &str = include_str!("docs.html");
const SCRIPT: &str = include_str!("docs.js");

/// What of the distribution the page needs.
const FILES: [&str; 3] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/openapi.json")));

/// The page.
pub(crate) async fn docs() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE)).into_response()
}

/// A file of the page.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    if name == "start.js" {
        return ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT).into_response();
    }
    let known =
        FILES.contains(&name.as_str()).then(|| utoipa_swagger_ui::serve(&name, CONFIG.clone()));
    let Some(Ok(Some(file))) = known else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = (
        [
            (header::CONTENT_TYPE, file.content_type),
            (header::CACHE_CONTROL, "public, max-age=86400".to_owned()),
        ],
        file.bytes.into_owned(),
    )
        .into_response();
    if file.gzpipped {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
