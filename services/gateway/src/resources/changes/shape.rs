//! A change as JSON.
use std::fmt::Display;

use proto::tasks::v1::{self, limits::OPERATIONS};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{
    IntoParams, ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};

use crate::{reply::Moment, resources::trash::ObjectType};

/// Something that happened to an object. Applying it twice does no harm: skip what is not above the version you have.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Change {
    /// Changes of one scope are in order, without a gap.
    #[schema(format = Uuid)]
    scope_id: String,
    sequence: i64,
    at: Moment,
    /// Who did it.
    #[schema(format = Uuid)]
    actor_id: String,
    #[schema(schema_with = object_type)]
    object_type: String,
    #[schema(format = Uuid)]
    object_id: String,
    object_version: i64,
    #[schema(schema_with = operation)]
    operation: String,
    /// Each field that changed, with `from` and `to`. There is no `from` where there was nothing, and none that is longer than 4 KiB: an
    /// earlier change has it as its `to`.
    #[schema(value_type = Object, example = json!({"title": {"from": "Buy milk", "to": "Buy oat milk"}}))]
    changes: Box<RawValue>,
    /// The request that did it; its changes share it.
    request_id: String,
    /// Where to go on after this change.
    cursor: String,
}

fn operation() -> Object {
    open("What was done", &OPERATIONS, "update")
}

fn object_type() -> Object {
    open("What it was done to", ObjectType::words(), "task")
}

/// A text and no closed set, since a later release may know more.
fn open(about: &str, known: &[impl Display], example: &str) -> Object {
    let known: Vec<_> = known.iter().map(|word| format!("`{word}`")).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(format!("{about}, now one of {}.", known.join(", "))))
        .examples([example])
        .build()
}

/// Changes, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangePage {
    items: Vec<Change>,
    /// Where to go on, also when nothing has changed.
    next_cursor: String,
    /// Whether there is more already.
    has_more: bool,
}

/// How patient.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document's half of `list`")]
pub(crate) struct ChangeQuery {
    /// How long to wait for a change when there is none: up to `30s`.
    #[param(default = "0s", pattern = "^([0-9]|[12][0-9]|30)s?$", example = "5s")]
    wait: Option<String>,
}

impl From<v1::Change> for Change {
    fn from(change: v1::Change) -> Self {
        let v1::Change {
            scope_id,
            sequence,
            at,
            actor_id,
            object_type,
            object_type_name,
            object_id,
            object_version,
            operation,
            changes,
            request_id,
            cursor,
        } = change;
        // The first release has no word for it, and knows no more than these.
        let known = || ObjectType::from_contract(object_type).word().to_owned();
        Self {
            scope_id,
            sequence,
            at: Moment::from_contract(at),
            actor_id,
            object_type: Some(object_type_name)
                .filter(|name| !name.is_empty())
                .unwrap_or_else(known),
            object_id,
            object_version,
            operation,
            changes: RawValue::from_string(changes).unwrap_or_else(|_| nothing()),
            request_id,
            cursor,
        }
    }
}

fn nothing() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).expect("an empty object")
}

impl From<v1::ListChangesResponse> for ChangePage {
    fn from(
        v1::ListChangesResponse { changes, next_cursor, has_more }: v1::ListChangesResponse,
    ) -> Self {
        Self { items: changes.into_iter().map(Change::from).collect(), next_cursor, has_more }
    }
}

#[test]
fn what_the_document_bounds_is_what_is_read() {
    let said = serde_json::to_value(ChangeQuery::into_params(|| None)).expect("a document");
    let longest = format!("|{})s?$", v1::limits::WAIT_SECONDS);
    let pattern = said[0]["schema"]["pattern"].as_str();
    assert!(pattern.is_some_and(|pattern| pattern.ends_with(&longest)), "{said}");
}
