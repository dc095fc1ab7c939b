//! The trash.
use axum::extract::State;
use proto::tasks::v1::{self, ListTrashRequest, PurgeTrashRequest, RestoreTrashRequest};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Id, Moment, sessions::Page};
use crate::{
    body::{Nothing, words},
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    shared::Gateway,
    user::User,
};

words! {
    /// What kind of object.
    ObjectType is v1::ObjectType {
        Task = "task",
        Project = "project",
    }
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
            object_type: ObjectType::of(object_type),
            title,
            deleted_at: Moment::of(deleted_at),
            size,
        }
    }
}

impl From<v1::ListTrashResponse> for TrashPage {
    fn from(v1::ListTrashResponse { items, next_cursor }: v1::ListTrashResponse) -> Self {
        Self {
            items: items.into_iter().map(TrashItem::from).collect(),
            next_cursor: super::next(next_cursor),
        }
    }
}

impl From<v1::RestoreTrashResponse> for Restored {
    fn from(
        v1::RestoreTrashResponse { object_type, id, project_id, in_place }: v1::RestoreTrashResponse,
    ) -> Self {
        Self { object_type: ObjectType::of(object_type), id, project_id, in_place }
    }
}

/// List the trash
#[utoipa::path(get, path = "/v1/trash", operation_id = "list_trash", tag = "trash", params(Page),
    responses((status = 200, description = "What was deleted", body = TrashPage)))]
pub(crate) async fn list(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let (limit, cursor) = query.page();
    query.end()?;
    let answer = gateway.trash().list_trash(user.asks(ListTrashRequest { limit, cursor })).await;
    Ok(reply::plain::<TrashPage, _>(answer.map_err(Problem::of_query)?))
}

/// Restore from the trash
///
/// Where the place it came from is gone, it goes to the project's top level or to the Inbox.
#[utoipa::path(post, path = "/v1/trash/{id}/restore", operation_id = "restore", tag = "trash", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "Where it is now", body = Restored)))]
pub(crate) async fn restore(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    _: Nothing,
) -> Reply {
    let answer = gateway.trash().restore_trash(user.asks(RestoreTrashRequest { id })).await?;
    Ok(reply::plain::<Restored, _>(answer))
}

/// Delete for good
#[utoipa::path(delete, path = "/v1/trash/{id}", operation_id = "purge", tag = "trash", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "Gone")))]
pub(crate) async fn purge(State(gateway): State<Gateway>, user: User, Id(id): Id) -> Reply {
    Ok(reply::done(gateway.trash().purge_trash(user.asks(PurgeTrashRequest { id })).await?))
}
