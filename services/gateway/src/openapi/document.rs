use std::collections::HashMap;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method},
};
use bytes::Bytes;
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, Parameter, ParameterIn},
};

use super::methods::{http_method, methods};

/// The document as it is served.
pub(crate) struct Document {
    /// JSON.
    pub(crate) bytes: Bytes,
    /// Changes whenever they do.
    pub(crate) etag: HeaderValue,
    operations: HashMap<(Method, String), Reads>,
}

/// What an operation reads of a request.
#[derive(Clone, Copy)]
pub(crate) struct Reads {
    /// Parameters: it tells all their faults itself.
    pub(crate) query: bool,
    /// `Idempotency-Key`
    pub(crate) key: bool,
    /// `If-Match`: it is about something that has versions.
    pub(crate) version: bool,
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
        Self { bytes: json.into(), etag, operations: operations(document) }
    }

    /// What the operation reads that a request is for; none where it is for no operation.
    pub(crate) fn reads(&self, request: &Request) -> Option<Reads> {
        let path = request.extensions().get::<MatchedPath>()?;
        let method = match *request.method() {
            Method::HEAD => Method::GET,
            ref method => method.clone(),
        };
        self.operations.get(&(method, path.as_str().to_owned())).copied()
    }
}

fn operations(document: &OpenApi) -> HashMap<(Method, String), Reads> {
    let paths = document.paths.paths.iter();
    let operations = paths.flat_map(|(path, item)| {
        methods(item).map(move |(method, operation)| {
            ((http_method(&method), path.clone()), reads(operation))
        })
    });
    operations.collect()
}

fn reads(operation: &Operation) -> Reads {
    let any = |is: &dyn Fn(&Parameter) -> bool| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|parameter| matches!(parameter, RefOr::T(parameter) if is(parameter)))
    };
    let header = |name| any(&|one| one.parameter_in == ParameterIn::Header && one.name == name);
    Reads {
        query: any(&|one| one.parameter_in == ParameterIn::Query),
        key: header("Idempotency-Key"),
        version: header("If-Match"),
    }
}
