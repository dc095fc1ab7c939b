//! The activity as JSON.
use proto::tasks::v1;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{reply::next, resources::changes::Change};

/// Changes, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityPage {
    items: Vec<Change>,
    /// Where the next page begins; null when there is none.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl From<v1::ListActivityResponse> for ActivityPage {
    fn from(v1::ListActivityResponse { changes, next_cursor }: v1::ListActivityResponse) -> Self {
        Self {
            items: changes.into_iter().map(Change::from).collect(),
            next_cursor: next(next_cursor),
        }
    }
}
