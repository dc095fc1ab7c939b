//! Which tasks a list holds, as the document says it.
use proto::tasks::v1::limits::ORDERS;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Type, schema::Schema},
};

use super::shape::{Priority, Status};

/// Which tasks, and in which order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document's half of `list`")]
pub(crate) struct TaskQuery {
    /// Those of this project.
    project_id: Option<uuid::Uuid>,
    /// Those with one of these states.
    #[param(style = Form, explode = false, min_items = 1, max_items = 16)]
    status: Option<Vec<Status>>,
    /// Those with one of these priorities.
    #[param(style = Form, explode = false, min_items = 1, max_items = 16)]
    priority: Option<Vec<Priority>>,
    /// Those with all of these labels: each in a parameter of its own, or between commas. `%2C` is a comma of the label itself.
    #[param(inline, style = Form, explode = true, min_items = 1, max_items = 16)]
    label: Option<Vec<Label>>,
    /// Those that are due before this moment, which may have up to six decimals of the second.
    #[param(
        format = DateTime,
        pattern = "^(?!0000|0001-01-01|9999-12-3[01]|(0001-01-02|9999-12-29)[^Z]*$)[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
    )]
    due_before: Option<String>,
    /// Those that hold these words, at most 16, in their title or description.
    // White space as Unicode has it: dialects differ in what `\s` is.
    #[param(
        pattern = "^[\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028-\\u2029\\u202f\\u205f\\u3000]*([^\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028-\\u2029\\u202f\\u205f\\u3000\\u0000]+[\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028-\\u2029\\u202f\\u205f\\u3000]+){0,15}([^\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028-\\u2029\\u202f\\u205f\\u3000\\u0000]+[\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028-\\u2029\\u202f\\u205f\\u3000]*)?$"
    )]
    q: Option<String>,
    /// `-` in front turns it round; `-created_at` when absent. By `rank` only within a project.
    #[param(inline)]
    order_by: Option<Order>,
}

/// A label that a task may have.
#[derive(Debug, ToSchema)]
#[schema(min_length = 1, pattern = "^[^\\u0000]+$")]
#[expect(dead_code, reason = "the document's half of a filter")]
pub(crate) struct Label(String);

/// An order of tasks.
#[derive(Debug)]
pub(crate) struct Order;

impl PartialSchema for Order {
    fn schema() -> RefOr<Schema> {
        let names = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(ORDERS));
        names.description(Some("An order of tasks.")).into()
    }
}

impl ToSchema for Order {}

#[cfg(test)]
mod tests {
    use proto::tasks::v1::limits::{FILTER, FIRST_DAY, LAST_DAY};

    use super::*;

    #[test]
    fn the_document_says_of_a_filter_what_is_checked() {
        let parameters = serde_json::to_value(TaskQuery::into_params(|| None)).unwrap();
        let schema = |name: &str| {
            let mut all = parameters.as_array().unwrap().iter();
            all.find(|parameter| parameter["name"] == name).unwrap()["schema"].clone()
        };
        for list in ["status", "priority", "label"] {
            assert_eq!(schema(list)["maxItems"], FILTER, "{list}");
        }
        let has = |name: &str, part: &str| {
            let pattern = schema(name)["pattern"].as_str().unwrap().to_owned();
            assert!(pattern.contains(part), "{name}: {part} is not in {pattern}");
        };
        has("q", &format!("{{0,{}}}", FILTER - 1));
        has("due_before", &format!("({FIRST_DAY}|{LAST_DAY})"));
    }
}
