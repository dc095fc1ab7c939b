//! What happened, for people.
use axum::extract::State;
use proto::tasks::v1::{ChangeServicePeer, ListActivityRequest};
use utoipa_axum::routes;

use super::shape::ActivityPage;
use crate::{
    edge::{access::Access, holding::turn, user::User},
    operations::{Operations, Traits},
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    shared::Gateway,
};

/// What may be asked about the past.
pub(crate) fn operations() -> Operations {
    Operations::new("changes", "").offer(routes!(activity), Traits::new(Access::Users).paged())
}

/// The service that keeps them.
fn changes(gateway: &Gateway) -> ChangeServicePeer<'_> {
    ChangeServicePeer::new(&gateway.peers.tasks)
}

/// List your activity
///
/// What happened, newest first.
#[utoipa::path(get, path = "/v1/activity", operation_id = "list_activity", responses((status = 200, description = "A page of changes", body = ActivityPage)))]
pub(crate) async fn activity(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let (limit, cursor) = query.page();
    query.ask()?;
    let turn = turn(&gateway, user.holder()).await?;
    let answer =
        changes(&gateway).list_activity(user.asks(ListActivityRequest { limit, cursor })).await;
    let answer = answer.map_err(Problem::of_query)?;
    reply::page::<ActivityPage, _>(&gateway, answer, turn).await
}
