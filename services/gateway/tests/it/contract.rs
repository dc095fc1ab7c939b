use std::{collections::BTreeSet, fs, path::Path};

use kit_process::config::Switch;
use proto::tasks::v1::limits;
use serde_json::Value;

use crate::edge::{Edge, ID};

/// Method, path and the rest of every operation.
pub(crate) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let each = paths.flat_map(|(path, item)| {
        let item = item.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters");
        item.map(move |(method, operation)| {
            (method.to_uppercase(), path.replace("{id}", ID), operation.clone())
        })
    });
    each.collect()
}

fn is_open(operation: &Value) -> bool {
    operation["security"].as_array().is_some_and(|schemes| schemes.contains(&serde_json::json!({})))
}

#[tokio::test]
async fn the_document_is_the_one_that_was_reviewed() {
    let edge = Edge::start().await;
    let reply = edge.anonymous("GET", "/openapi.json", &[], "").await;
    assert_eq!(reply.json()["openapi"], "3.1.0");
    let etag = reply.header("etag").to_owned();
    assert_eq!(
        edge.anonymous("GET", "/openapi.json", &[("if-none-match", &etag)], "").await.status,
        304
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots/openapi.json");
    if option_env("UPDATE_SNAPSHOTS").is_some_and(|update| update == "1") {
        fs::write(&path, &reply.body).unwrap();
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        reviewed.as_bytes() == reply.body,
        "the contract has changed: look at it after UPDATE_SNAPSHOTS=1 cargo test -p gateway"
    );
}

#[expect(clippy::disallowed_methods, reason = "how a snapshot is rewritten")]
fn option_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::test]
async fn what_is_documented_asks_for_a_token() {
    let edge = Edge::start().await;
    let document = edge.anonymous("GET", "/openapi.json", &[], "").await.json();
    let operations = operations(&document);
    assert!(operations.len() > 25, "{}", operations.len());
    for (method, path, operation) in operations {
        let reply =
            edge.anonymous(&method, &path, &[("content-type", "application/json")], "{}").await;
        match is_open(&operation) {
            true => assert!(!matches!(reply.status, 401 | 404 | 405), "{method} {path}: {reply:?}"),
            false => {
                assert_eq!(reply.refusal(), "401 TOKEN_MISSING", "{method} {path}");
                let wrong = [("if-match", "7"), ("if-none-match", "7"), ("idempotency-key", "")];
                let path = format!("{path}?unknown=1");
                let reply = edge.anonymous(&method, &path, &wrong, "").await;
                assert_eq!(reply.refusal(), "401 TOKEN_MISSING", "{method} {path}, and more wrong");
            }
        }
    }
    while edge.peers.count() > 0 {
        let call = edge.peers.last();
        assert!(call.metadata.contains_key("validate-only"), "{} was asked to act", call.name);
    }
}

#[tokio::test]
async fn the_documented_parameters_are_those_that_are_read() {
    let edge = Edge::start().await;
    let document = edge.anonymous("GET", "/openapi.json", &[], "").await.json();
    for (method, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let documented: BTreeSet<_> = parameters
            .iter()
            .filter(|one| one["in"] == "query")
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect();
        let reply = edge.ask(&method, &format!("{path}?no_such=1"), &[], "").await;
        assert_eq!(reply.refusal(), "400 INVALID_QUERY", "{method} {path}");
        assert_eq!(reply.json()["errors"][0]["parameter"], "no_such");
        let told = reply.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        let read: BTreeSet<_> = told
            .split_once("known are ")
            .map(|(_, names)| names.split(", ").map(str::to_owned).collect())
            .unwrap_or_default();
        assert_eq!(documented, read, "{path}");
    }
    // What else is wrong with a list its service is asked.
    while edge.peers.count() > 0 {
        let call = edge.peers.last();
        assert!(call.name.starts_with("List"), "{}", call.name);
    }
}

#[tokio::test]
async fn every_refusal_is_documented_as_a_problem() {
    let edge = Edge::start().await;
    let document = edge.anonymous("GET", "/openapi.json", &[], "").await.json();
    let ids: BTreeSet<_> =
        operations(&document).iter().map(|one| one.2["operationId"].to_string()).collect();
    assert_eq!(ids.len(), operations(&document).len(), "an operation has a name of its own");
    for (method, path, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        for status in ["429", "500", "503"] {
            assert!(responses.contains_key(status), "{status} of {method} {path}");
        }
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            assert_eq!(
                response["$ref"],
                format!("#/components/responses/Problem{status}"),
                "{method} {path}"
            );
        }
    }
    let problem =
        &document["components"]["responses"]["Problem422"]["content"]["application/problem+json"];
    assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem");
}

/// The shapes that `schema` refers to, itself included.
fn shapes<'d>(document: &'d Value, schema: &'d Value, found: &mut Vec<&'d Value>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/components/schemas/");
        return shapes(document, &document["components"]["schemas"][name], found);
    }
    if schema["properties"].is_object() {
        found.push(schema);
    }
    let properties = schema["properties"].as_object().into_iter().flat_map(|all| all.values());
    let kinds = ["oneOf", "anyOf"].iter().flat_map(|of| schema[of].as_array()).flatten();
    properties.chain(kinds).for_each(|below| shapes(document, below, found));
}

#[tokio::test]
async fn a_field_that_is_not_documented_is_documented_as_refused() {
    let edge = Edge::start().await;
    let document = edge.anonymous("GET", "/openapi.json", &[], "").await.json();
    let mut count = 0;
    for (method, path, operation) in operations(&document) {
        assert!(operation["description"].is_string(), "{method} {path}");
        let Some(body) = operation["requestBody"]["content"].as_object() else { continue };
        for content in body.values() {
            let mut found = vec![];
            shapes(&document, &content["schema"], &mut found);
            assert!(!found.is_empty(), "{method} {path}");
            for shape in found {
                assert_eq!(shape["additionalProperties"], false, "{method} {path}: {shape}");
                count += 1;
            }
        }
    }
    assert!(count > 15, "{count}");
    let kinds = document["components"]["schemas"]["Due"]["oneOf"].as_array().unwrap();
    let first: Vec<_> = kinds.iter().map(|kind| kind["required"][0].as_str().unwrap()).collect();
    assert_eq!(first, ["date", "datetime", "datetime"]);
}

#[tokio::test]
async fn a_documented_header_is_read_and_no_other() {
    let edge = Edge::with(|config| config.rate_limit = Switch::Off).await;
    let document = edge.anonymous("GET", "/openapi.json", &[], "").await.json();
    for (method, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let documents = |name: &str| parameters.iter().any(|one| one["name"] == name);
        let ask = async |name: &str, value: &str| {
            let headers = [("content-type", "application/json"), (name, value)];
            edge.ask(&method, &path, &headers, "{}").await
        };
        // A condition that cannot be read is refused wherever it stands, and an ETag where nothing has one.
        for name in ["If-Match", "If-None-Match"] {
            let code = format!("400 INVALID_{}", name.to_uppercase().replace('-', "_"));
            assert_eq!(ask(name, "no quotes, no tag").await.refusal(), code, "{method} {path}");
        }
        if path.ends_with("/stream") {
            continue;
        }
        let reply = ask("Idempotency-Key", "no quotes, no tag").await;
        let refused = reply.status == 400 && reply.json()["code"] == "INVALID_IDEMPOTENCY_KEY";
        assert_eq!(refused, documents("Idempotency-Key"), "{method} {path}: {}", reply.status);
        if operation["requestBody"].is_object() {
            let both = format!("{path}?no_such=1");
            let reply =
                edge.ask(&method, &both, &[("content-type", "application/json")], "[]").await;
            let codes = [0, 1].map(|place| reply.json()["errors"][place]["code"].clone());
            assert_eq!(codes, ["UNKNOWN_PARAMETER", "WRONG_TYPE"], "{method} {path}");
        }
        let reply = ask("If-Match", "\"7\"").await;
        let etag = reply.status == 412 && reply.json()["errors"][0]["header"] == "If-Match";
        assert_eq!(!etag, documents("If-Match"), "{method} {path}: {reply:?}");
    }
}

#[tokio::test]
async fn the_documented_bounds_of_an_estimate_are_those_of_the_service() {
    let edge = Edge::start().await;
    let document = edge.anonymous("GET", "/openapi.json", &[], "").await.json();
    for shape in ["NewTask", "TaskPatch"] {
        let estimate = &document["components"]["schemas"][shape]["properties"]["estimate_minutes"];
        let bounds = [&estimate["minimum"], &estimate["maximum"]].map(Value::as_i64);
        assert_eq!(
            bounds,
            [limits::LEAST_ESTIMATE_MINUTES, limits::ESTIMATE_MINUTES]
                .map(|bound| Some(bound.into())),
            "{shape}"
        );
    }
}

#[tokio::test]
async fn the_document_tells_how_long_a_password_is_here() {
    let edge = Edge::with(|config| config.password_minimum = 30).await;
    let document = edge.anonymous("GET", "/openapi.json", &[], "").await.json();
    let schemas = &document["components"]["schemas"];
    for (shape, field) in [("Registration", "password"), ("PasswordChange", "new_password")] {
        let least = &schemas[shape]["properties"][field]["minLength"];
        assert_eq!(least, 30, "{shape}");
    }
}
