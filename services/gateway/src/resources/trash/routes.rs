//! What may be done to what was deleted.
use axum::extract::State;
use proto::tasks::v1::{ListTrashRequest, PurgeTrashRequest, RestoreTrashRequest};

use super::shape::{Restored, TrashPage};
use crate::{
    body::Nothing,
    edge::user::User,
    path::Id,
    problem::Problem,
    query::{Page, Query},
    reply::{self, Reply},
    shared::Gateway,
};

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
