//! The methods of a path, as the document has them and as requests have.
use axum::http::Method;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};

/// The operations of a path.
pub(crate) fn methods(item: &PathItem) -> impl Iterator<Item = (HttpMethod, &Operation)> {
    let PathItem { get, put, post, delete, patch, options, head, trace, .. } = item;
    let methods = [
        (HttpMethod::Get, get),
        (HttpMethod::Put, put),
        (HttpMethod::Post, post),
        (HttpMethod::Delete, delete),
        (HttpMethod::Patch, patch),
        (HttpMethod::Options, options),
        (HttpMethod::Head, head),
        (HttpMethod::Trace, trace),
    ];
    methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// The method of a request.
pub(crate) fn http_method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}
