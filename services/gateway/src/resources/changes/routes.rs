//! The feed that a client keeps its copy up to date by.
use std::time::Duration;

use axum::extract::State;
use kit_rpc::GrpcChannel;
use proto::tasks::v1::{
    ListChangesRequest, ListChangesResponse, change_service_client::ChangeServiceClient,
    limits::WAIT_SECONDS,
};
use utoipa_axum::routes;

use super::shape::{ChangePage, ChangeQuery};
use crate::{
    edge::{access::Access, user::User},
    operations::{Operations, Traits},
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    shared::Gateway,
};

/// How changes are followed.
pub(crate) fn operations() -> Operations {
    let listener = || Traits::new(Access::Listeners).refuses(&[410]);
    Operations::new("changes", "What happens, to follow it")
        .offer(routes!(list), listener())
        .offer(routes!(super::stream::stream), listener())
}

/// The service that keeps them.
fn changes(gateway: &Gateway) -> ChangeServiceClient<GrpcChannel> {
    ChangeServiceClient::new(gateway.peers.tasks.clone())
}

/// List changes
///
/// What happened after a cursor, oldest first. With `wait` it answers once there is something, or when that time is over.
#[utoipa::path(get, path = "/v1/changes", operation_id = "list_changes", params(ChangeQuery),
    responses((status = 200, description = "Changes, and where to go on", body = ChangePage)))]
pub(crate) async fn list(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let (limit, cursor) = query.page();
    let wait = query.seconds("wait", WAIT_SECONDS);
    query.end()?;
    let _place = gateway.streams.wait()?;
    let leaves = gateway.streams.ended();
    let answer = tokio::select! {
        answer = after(&gateway, user.clone(), &cursor, limit, wait) => answer,
        // The client comes back with the cursor that it gets now, to a process that stays.
        () = leaves.cancelled(), if !wait.is_zero() => after(&gateway, user, &cursor, limit, Duration::ZERO).await,
    }?;
    Ok(reply::plain::<ChangePage, _>(answer))
}

async fn after(
    gateway: &Gateway,
    user: User,
    cursor: &str,
    limit: i32,
    wait: Duration,
) -> Result<tonic::Response<ListChangesResponse>, Problem> {
    let wait_milliseconds = i32::try_from(wait.as_millis()).unwrap_or_default();
    let request = ListChangesRequest { cursor: cursor.to_owned(), limit, wait_milliseconds };
    let mut request = user.asks(request);
    request.set_timeout(wait + Duration::from_secs(2));
    changes(gateway).list_changes(request).await.map_err(Problem::of_query)
}
