//! What may be done to what was deleted.
use axum::extract::State;
use proto::tasks::v1::{
    ListTrashRequest, PurgeTrashRequest, RestoreTrashRequest, TrashServicePeer,
};
use utoipa_axum::routes;

use super::shape::{Restored, TrashPage};
use crate::{
    body::Nothing,
    edge::{access::Access, holding::turn, user::User},
    operations::{Operations, Traits},
    path::Id,
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    shared::Gateway,
};

/// What may be done to what was deleted.
pub(crate) fn operations() -> Operations {
    let user = || Traits::new(Access::Users);
    Operations::new("trash", "What was deleted, until it is too old to be kept")
        .offer(routes!(list), user().paged())
        .offer(routes!(restore), user().refuses(&[403]))
        .offer(routes!(purge), user())
}

/// The service that keeps them.
fn trash(gateway: &Gateway) -> TrashServicePeer<'_> {
    TrashServicePeer::new(&gateway.peers.tasks)
}

/// List the trash
///
/// Each thing with how much went with it.
#[utoipa::path(get, path = "/v1/trash", operation_id = "list_trash", responses((status = 200, description = "What was deleted", body = TrashPage)))]
pub(crate) async fn list(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let (limit, cursor) = query.page();
    query.ask()?;
    let turn = turn(&gateway, user.holder()).await?;
    let answer = trash(&gateway).list_trash(user.asks(ListTrashRequest { limit, cursor })).await;
    reply::page::<TrashPage, _>(&gateway, answer.map_err(Problem::of_query)?, turn).await
}

/// Restore from the trash
///
/// Where the place it came from is gone, it goes to the project's top level or to the Inbox. A task does not go back into a project
/// that is archived by now: unarchive that first. A project comes back as it was.
#[utoipa::path(post, path = "/v1/trash/{id}/restore", operation_id = "restore", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "Where it is now", body = Restored)))]
pub(crate) async fn restore(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    _: Nothing,
) -> Reply {
    let answer = trash(&gateway).restore_trash(user.asks(RestoreTrashRequest { id })).await?;
    Ok(reply::plain::<Restored, _>(answer))
}

/// Delete for good
///
/// With all that went with it; there is no way back.
#[utoipa::path(delete, path = "/v1/trash/{id}", operation_id = "purge", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "Gone")))]
pub(crate) async fn purge(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    _: Nothing,
) -> Reply {
    Ok(reply::no_content(trash(&gateway).purge_trash(user.asks(PurgeTrashRequest { id })).await?))
}
