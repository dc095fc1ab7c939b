//! Bodies that the document allows.
use serde_json::{Value, json};

/// The example with each field in turn at each end of what its schema allows.
pub(super) fn bodies(document: &Value, schema: &Value, example: &Value) -> Vec<Value> {
    let schema = resolved(document, schema);
    let fields = schema["properties"].as_object().into_iter().flatten();
    let with = |(name, field): (&String, &Value)| {
        let (example, name) = (example.clone(), name.clone());
        values(document, field).into_iter().map(move |value| {
            let mut body = example.clone();
            body[&name] = value;
            body
        })
    };
    fields.flat_map(with).collect()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).expect("what is referred to"),
        None => schema,
    }
}

/// Values at the ends of a schema. One with a form of its own, as an id, has none: it would have to name something.
fn values(document: &Value, schema: &Value) -> Vec<Value> {
    let schema = resolved(document, schema);
    if let Some(either) = schema["oneOf"].as_array() {
        return either.iter().flat_map(|schema| values(document, schema)).collect();
    }
    let is = |name: &str| {
        schema["type"] == name
            || schema["type"].as_array().is_some_and(|types| types.contains(&json!(name)))
    };
    let mut values: Vec<Value> = schema["enum"].as_array().cloned().unwrap_or_default();
    let longest = schema["maxLength"].as_u64().filter(|_| schema["format"].is_null());
    if let Some(longest) = longest.and_then(|longest| usize::try_from(longest).ok()) {
        values.extend([json!("é".repeat(longest)), json!(" \u{2003}è\u{301} ✓ ")]);
    }
    values.extend(
        [&schema["minimum"], &schema["maximum"]].into_iter().filter(|end| end.is_number()).cloned(),
    );
    values.extend(is("boolean").then_some([json!(true), json!(false)]).into_iter().flatten());
    values
        .extend(is("array").then_some([json!([]), json!(["é", "Ship it"])]).into_iter().flatten());
    values.extend(schema.get("example").filter(|_| is("string")).cloned());
    values.extend(object(document, schema));
    values.extend(is("null").then_some(Value::Null));
    values
}

/// An object of all that it has to have; none where that is nothing, or nobody knows what it may be.
fn object(document: &Value, schema: &Value) -> Option<Value> {
    let required = schema["required"].as_array().filter(|names| !names.is_empty())?;
    let field = |name: &Value| {
        let name = name.as_str()?;
        let value = values(document, &schema["properties"][name]).into_iter().next()?;
        Some((name.to_owned(), value))
    };
    required.iter().map(field).collect::<Option<serde_json::Map<_, _>>>().map(Value::Object)
}
