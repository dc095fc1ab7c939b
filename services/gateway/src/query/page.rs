use utoipa::IntoParams;

/// Where a page begins and how long it is.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document's half of `Query::page`")]
pub(crate) struct Page {
    /// The most items of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}
