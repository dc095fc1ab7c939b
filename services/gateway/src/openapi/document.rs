use std::collections::HashSet;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method},
};
use bytes::Bytes;
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, ParameterIn, PathItem},
};

use crate::{problem::Problem, query::Query};

/// The document as it is served.
pub(crate) struct Document {
    /// JSON.
    pub(crate) bytes: Bytes,
    /// Changes whenever they do.
    pub(crate) etag: HeaderValue,
    /// The operations without parameters.
    bare: HashSet<(Method, String)>,
}

impl Document {
    pub(super) fn new(document: &OpenApi) -> Self {
        let mut json = document.to_pretty_json().expect("the document is plain data");
        json.push('\n');
        let digest = ring::digest::digest(&ring::digest::SHA256, json.as_bytes());
        let start: String =
            digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let etag =
            HeaderValue::from_str(&format!("\"{start}\"")).expect("hexadecimal digits in quotes");
        Self { bytes: json.into(), etag, bare: bare(document) }
    }

    /// Refuses parameters of an operation that has none; those that read some tell all faults themselves.
    pub(crate) fn refuse_query(&self, request: &Request) -> Result<(), Problem> {
        let Some(query) = request.uri().query() else { return Ok(()) };
        let Some(path) = request.extensions().get::<MatchedPath>() else { return Ok(()) };
        let method = match *request.method() {
            Method::HEAD => Method::GET,
            ref method => method.clone(),
        };
        match self.bare.contains(&(method, path.as_str().to_owned())) {
            true => Query::parse(query).end(),
            false => Ok(()),
        }
    }
}

fn bare(document: &OpenApi) -> HashSet<(Method, String)> {
    let paths = document.paths.paths.iter();
    let operations = paths.flat_map(|(path, item)| {
        let PathItem { get, put, post, delete, patch, .. } = item;
        let methods = [
            (Method::GET, get),
            (Method::PUT, put),
            (Method::POST, post),
            (Method::DELETE, delete),
            (Method::PATCH, patch),
        ];
        methods.into_iter().map(move |(method, operation)| (method, path, operation.as_ref()))
    });
    operations
        .filter(|(_, _, operation)| operation.is_some_and(|operation| !reads_query(operation)))
        .map(|(method, path, _)| (method, path.clone()))
        .collect()
}

fn reads_query(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| {
        matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
    })
}
