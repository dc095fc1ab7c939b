//! The trash as JSON.
use proto::tasks::v1;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::words,
    reply::{Moment, next},
};

words! {
    /// What kind of object.
    ObjectType is v1::ObjectType
}

/// Something that was deleted, with all that went with it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrashItem {
    /// The id of the task or project.
    #[schema(format = Uuid)]
    id: String,
    object_type: ObjectType,
    /// Its title or name.
    title: String,
    deleted_at: Moment,
    /// How many objects come back with it, itself included.
    size: i64,
}

/// A page of the trash.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrashPage {
    items: Vec<TrashItem>,
    /// Where the next page begins; null when there is none.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Where something went when it was restored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Restored {
    object_type: ObjectType,
    #[schema(format = Uuid)]
    id: String,
    /// The project that holds it now.
    #[schema(format = Uuid)]
    project_id: String,
    /// False when it could not go back to where it was.
    in_place: bool,
}

impl From<v1::TrashItem> for TrashItem {
    fn from(v1::TrashItem { id, object_type, title, deleted_at, size }: v1::TrashItem) -> Self {
        Self {
            id,
            object_type: ObjectType::from_contract(object_type),
            title,
            deleted_at: Moment::from_contract(deleted_at),
            size,
        }
    }
}

impl From<v1::ListTrashResponse> for TrashPage {
    fn from(v1::ListTrashResponse { items, next_cursor }: v1::ListTrashResponse) -> Self {
        Self {
            items: items.into_iter().map(TrashItem::from).collect(),
            next_cursor: next(next_cursor),
        }
    }
}

impl From<v1::RestoreTrashResponse> for Restored {
    fn from(
        v1::RestoreTrashResponse { object_type, id, project_id, in_place }: v1::RestoreTrashResponse,
    ) -> Self {
        Self { object_type: ObjectType::from_contract(object_type), id, project_id, in_place }
    }
}
