//! What the derived shapes cannot say: how long a text is, and that nothing else may be there.
use std::collections::BTreeMap;

use utoipa::openapi::{
    ObjectBuilder, OneOfBuilder, RefOr, Schema,
    path::Operation as Documented,
    schema::{AdditionalProperties, ArrayItems},
};

use crate::operations::Bound;

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Where a component's schema is referred to.
const COMPONENTS: &str = "#/components/schemas/";

/// Refuses in the document what is refused in a body that `operation` reads: fields that are not known.
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
            if !object.properties.is_empty() {
                object.additional_properties =
                    Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
        RefOr::T(Schema::OneOf(one)) => {
            one.items.iter_mut().for_each(|item| close_schema(item, schemas));
        }
        RefOr::T(_) => {}
    }
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
        Bound::Items { shape, field, most, longest } => {
            if let RefOr::T(Schema::Array(list)) = property(shape, field, schemas) {
                list.max_items = Some(most);
                if let ArrayItems::RefOrSchema(items) = &mut list.items
                    && let RefOr::T(Schema::Object(text)) = items.as_mut()
                {
                    (text.min_length, text.max_length) = (Some(1), Some(longest));
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

/// One of several kinds of an object; the first field of a kind has to be there.
fn either(whole: &RefOr<Schema>, kinds: &[&[&str]]) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(object)) = whole else { return whole.clone() };
    let kind = |fields: &&[&str]| {
        let known = object.properties.iter().filter(|(name, _)| fields.contains(&name.as_str()));
        let builder = known.fold(ObjectBuilder::new(), |builder, (name, schema)| {
            builder.property(name.clone(), schema.clone())
        });
        let closed = builder.additional_properties(Some(AdditionalProperties::FreeForm(false)));
        fields.iter().take(1).fold(closed, |builder, first| builder.required(*first))
    };
    let one = OneOfBuilder::new().description(object.description.clone());
    RefOr::T(kinds.iter().fold(one, |one, fields| one.item(kind(fields))).build().into())
}
