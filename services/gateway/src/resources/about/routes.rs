//! What the API says about itself.
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit_base::page;
use utoipa_axum::routes;

use super::docs;
use super::shape::{Key, KeySet, Limits, RateLimits};
use crate::{
    condition::Wanted,
    edge::access::Access,
    operations::{Operations, Traits},
    reply::{self, Reply},
    shared::Gateway,
};

/// What may be asked about the API, and the page to read it by.
pub(crate) fn operations() -> Operations {
    let anyone = || Traits::new(Access::Anyone);
    Operations::new("about", "The API about itself")
        .offer(routes!(jwks), anyone().cached())
        .offer(routes!(limits), anyone())
        .offer(routes!(openapi), anyone().cached())
        .page("/docs", get(docs::docs))
        .page("/docs/", get(docs::docs))
        .page("/docs/{file}", get(docs::file))
}

/// The keys of access tokens
///
/// For whoever checks tokens without asking: a JSON Web Key Set.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "read_keys",
    responses((status = 200, description = "Keys", body = KeySet)))]
pub(crate) async fn jwks(State(gateway): State<Gateway>, wanted: Wanted) -> Reply {
    let key = |key: kit_rpc::token::PublicKey| {
        let x = URL_SAFE_NO_PAD.encode(key.bytes);
        Key { kty: "OKP", crv: "Ed25519", purpose: "sig", alg: "EdDSA", kid: key.id, x }
    };
    let keys: Vec<_> = gateway.verifier.keys().into_iter().map(key).collect();
    let names: Vec<_> = keys.iter().map(|key| key.kid.as_str()).collect();
    let etag = HeaderValue::from_str(&format!("\"{}\"", names.join(".")))
        .unwrap_or(HeaderValue::from_static("\"-\""));
    Ok(cached(etag, &wanted, HeaderValue::from_static("public, max-age=300"), || {
        reply::json(&KeySet { keys })
    }))
}

/// The limits
///
/// What a client may count on: lengths of pages, sizes of bodies, rates. What an account may keep is told by `GET /v1/usage`.
#[utoipa::path(get, path = "/v1/limits", operation_id = "read_limits",
    responses((status = 200, description = "Limits", body = Limits)))]
pub(crate) async fn limits(State(gateway): State<Gateway>) -> Reply {
    let config = &gateway.config;
    let rates = gateway.rates.rules().map(|rules| RateLimits {
        user: rules.user.quota,
        address: rules.address.quota,
        login: rules.login.quota,
        refresh: rules.refresh.quota,
    });
    Ok(reply::json(&Limits {
        default_page: page::DEFAULT_LIMIT,
        longest_page: page::MAX_LIMIT,
        body_bytes: config.body_limit,
        body_depth: crate::body::DEEPEST,
        streams: config.max_streams_per_user,
        polls: config.max_polls_per_user,
        rates,
    }))
}

/// This document
///
/// The contract, in OpenAPI 3.1.
#[utoipa::path(get, path = "/openapi.json", operation_id = "read_document",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(crate) async fn openapi(State(gateway): State<Gateway>, wanted: Wanted) -> Response {
    let document = &gateway.document;
    cached(document.etag.clone(), &wanted, HeaderValue::from_static("no-cache"), || {
        (
            [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            document.bytes.clone(),
        )
            .into_response()
    })
}

/// Something that caches may keep.
fn cached(
    etag: HeaderValue,
    wanted: &Wanted,
    control: HeaderValue,
    write: impl FnOnce() -> Response,
) -> Response {
    let mut response = reply::unless_had(etag, wanted, write);
    response.headers_mut().insert(header::CACHE_CONTROL, control);
    response
}
