//! What the derived shapes cannot say: how long a text is, and that nothing else may be there.
use std::collections::BTreeMap;

use utoipa::openapi::{
    Object, ObjectBuilder, OneOfBuilder, RefOr, Schema,
    path::Operation as Documented,
    schema::{
        AdditionalProperties, AnyOfBuilder, ArrayItems, KnownFormat, SchemaFormat, SchemaType, Type,
    },
};

use super::pattern;
use crate::operations::{Bound, Kind};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Where a component's schema is referred to.
const COMPONENTS: &str = "#/components/schemas/";

/// Refuses in the document what is refused in a body that `operation` reads: fields that are not known, and the character that no
/// database stores.
pub(super) fn close(operation: &Documented, schemas: &mut Schemas) {
    let Some(RefOr::T(body)) = &operation.request_body else { return };
    for content in body.content.values() {
        if let RefOr::T(content) = content
            && let Some(schema) = &content.schema
        {
            close_schema(&mut schema.clone(), schemas);
        }
    }
}

fn close_schema(schema: &mut RefOr<Schema>, schemas: &mut Schemas) {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.trim_start_matches(COMPONENTS).to_owned();
            // Taken out while what lies in it is looked at.
            if let Some(mut found) = schemas.remove(&name) {
                close_schema(&mut found, schemas);
                schemas.insert(name, found);
            }
        }
        RefOr::T(Schema::Object(object)) => {
            for property in object.properties.values_mut() {
                close_schema(property, schemas);
            }
            if is_any_text(object) {
                object.pattern = Some(pattern::TEXT.to_owned());
            }
            if !object.properties.is_empty() {
                object.additional_properties =
                    Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
        RefOr::T(Schema::OneOf(one)) => {
            one.items.iter_mut().for_each(|item| close_schema(item, schemas));
        }
        RefOr::T(Schema::AnyOf(any)) => {
            any.items.iter_mut().for_each(|item| close_schema(item, schemas));
        }
        RefOr::T(_) => {}
    }
}

/// Whether it is a text of which nothing else is said than how long it is.
fn is_any_text(object: &Object) -> bool {
    let any = [None, Some(SchemaFormat::KnownFormat(KnownFormat::Password))];
    let text = match &object.schema_type {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        SchemaType::AnyValue => false,
    };
    text && object.enum_values.is_none() && object.pattern.is_none() && any.contains(&object.format)
}

/// Says of a shape what `bound` says.
pub(super) fn apply(bound: &Bound, schemas: &mut Schemas) {
    match *bound {
        Bound::Length { shape, field, least, most } => {
            let property = property(shape, field, schemas);
            if let RefOr::T(Schema::Object(text)) = property {
                text.min_length = (least > 0).then_some(least);
                text.max_length = Some(most);
            }
        }
        Bound::Pattern { shape, field, pattern } => {
            if let RefOr::T(Schema::Object(text)) = property(shape, field, schemas) {
                text.pattern = Some(pattern.to_owned());
            }
        }
        Bound::Range { shape, field, bounds } => {
            if let RefOr::T(Schema::Object(number)) = property(shape, field, schemas) {
                [number.minimum, number.maximum] = bounds.map(|bound| Some(bound.into()));
            }
        }
        Bound::Items { shape, field, most, longest } => {
            if let RefOr::T(Schema::Array(list)) = property(shape, field, schemas) {
                list.max_items = Some(most);
                if let ArrayItems::RefOrSchema(items) = &mut list.items
                    && let RefOr::T(Schema::Object(text)) = items.as_mut()
                {
                    (text.min_length, text.max_length) = (Some(1), Some(longest));
                    text.pattern = Some(pattern::VISIBLE.clone());
                }
            }
        }
        Bound::Either { shape, kinds } => {
            let whole = schemas.get_mut(shape).expect("a bound is of a shape that is there");
            *whole = either(whole, kinds);
        }
    }
}

fn property<'s>(shape: &str, field: &str, schemas: &'s mut Schemas) -> &'s mut RefOr<Schema> {
    let Some(RefOr::T(Schema::Object(object))) = schemas.get_mut(shape) else {
        panic!("{shape} is no shape of the document");
    };
    object.properties.get_mut(field).expect("a bound is of a field that is there")
}

/// An object of one kind among several: of exactly one where each has a field of its own, else of whichever it is.
fn either(whole: &RefOr<Schema>, kinds: &[Kind]) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(object)) = whole else { return whole.clone() };
    let description = object.description.clone();
    let each = kinds.iter().map(|kind| one_kind(object, kind));
    let schema: Schema = match kinds.iter().any(|kind| kind.has.is_empty()) {
        true => {
            let any = AnyOfBuilder::new().description(description);
            each.fold(any, AnyOfBuilder::item).build().into()
        }
        false => {
            let one = OneOfBuilder::new().description(description);
            each.fold(one, OneOfBuilder::item).build().into()
        }
    };
    RefOr::T(schema)
}

fn one_kind(object: &Object, kind: &Kind) -> Object {
    let Kind { has, may_have, patterns } = kind;
    let built = object.properties.iter().fold(ObjectBuilder::new(), |built, (name, schema)| {
        let known = has.iter().chain(*may_have).any(|one| one == name);
        let null = || ObjectBuilder::new().schema_type(Type::Null).build().into();
        let mut schema = if known { schema.clone() } else { null() };
        if let RefOr::T(Schema::Object(text)) = &mut schema
            && let Some((_, pattern)) = patterns.iter().find(|(field, _)| field == name)
        {
            text.pattern = Some((*pattern).to_owned());
        }
        built.property(name.clone(), schema)
    });
    let closed = built.additional_properties(Some(AdditionalProperties::FreeForm(false)));
    has.iter().fold(closed, |closed, name| closed.required(*name)).build()
}
