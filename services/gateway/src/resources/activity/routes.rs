//! What happened, for people.
use axum::extract::State;
use proto::tasks::v1::ListActivityRequest;

use super::shape::ActivityPage;
use crate::{
    edge::user::User,
    problem::Problem,
    query::{Page, Query},
    reply::{self, Reply},
    shared::Gateway,
};

/// List your activity
///
/// What happened, newest first.
#[utoipa::path(get, path = "/v1/activity", operation_id = "list_activity", tag = "changes", params(Page),
    responses((status = 200, description = "A page of changes", body = ActivityPage)))]
pub(crate) async fn activity(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let (limit, cursor) = query.page();
    query.end()?;
    let answer =
        gateway.changes().list_activity(user.asks(ListActivityRequest { limit, cursor })).await;
    Ok(reply::plain::<ActivityPage, _>(answer.map_err(Problem::of_query)?))
}
