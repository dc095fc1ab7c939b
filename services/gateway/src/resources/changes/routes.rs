//! The feed that a client keeps its copy up to date by.
use std::{sync::Arc, time::Duration};

use axum::{Extension, extract::State};
use kit_rpc::token::TokenError;
use proto::tasks::v1::{
    ChangeServicePeer, ListChangesRequest, ListChangesResponse, limits::WAIT_SECONDS,
};
use utoipa_axum::routes;
use uuid::Uuid;

use super::{
    shape::{ChangePage, ChangeQuery},
    stream::LOOK,
};
use crate::{
    edge::{access::Access, holding::turn, user::User, visit::Visit},
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
        .offer(routes!(list), listener().paged())
        .offer(routes!(super::stream::stream), listener().resumed())
}

/// The service that keeps them.
fn changes(gateway: &Gateway) -> ChangeServicePeer<'_> {
    ChangeServicePeer::new(&gateway.peers.tasks)
}

/// List changes
///
/// What happened after a cursor, oldest first; from the beginning when there is none. The `cursor` of a change serves too. With `wait` it answers once there is something, or when that time is over.
#[utoipa::path(get, path = "/v1/changes", operation_id = "list_changes", params(ChangeQuery),
    responses((status = 200, description = "Changes, and where to go on", body = ChangePage)))]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    user: User,
    Extension(visit): Extension<Arc<Visit>>,
    query: Query,
) -> Reply {
    let (holder, (limit, cursor)) = (user.holder(), query.page());
    let wait = query.seconds("wait", WAIT_SECONDS);
    // Who has asked for what cannot be is told so at once.
    let waits = query.ask()? && !wait.is_zero();
    if !waits {
        // It is a read as any other.
        let _places = (
            gateway.admission.enter(Access::Users, &visit)?,
            gateway.admission.enter_user(holder.user_id)?,
        );
        let turn = turn(&gateway, holder).await?;
        let answer = after(&gateway, user, &cursor, limit, Duration::ZERO).await?;
        return reply::page::<ChangePage, _>(&gateway, answer, turn).await;
    }
    let _place = gateway.streams.wait(holder.user_id, &visit)?;
    let (session, leaves) = (user.caller.session_id, gateway.streams.ended());
    let answer = tokio::select! {
        biased;
        refusal = ended(&gateway, session) => Err(refusal),
        answer = after(&gateway, user.clone(), &cursor, limit, wait) => answer,
        // The client comes back with the cursor that it gets now, to a process that stays.
        () = leaves.cancelled() => after(&gateway, user, &cursor, limit, Duration::ZERO).await,
    };
    if gateway.verifier.has_ended(session) {
        return Err(TokenError::Revoked.into());
    }
    let (answer, turn) = (answer?, turn(&gateway, holder).await?);
    reply::page::<ChangePage, _>(&gateway, answer, turn).await
}

/// Waits for the end of a session, which is seen as soon as for a stream.
async fn ended(gateway: &Gateway, session: Uuid) -> Problem {
    while !gateway.verifier.has_ended(session) {
        tokio::time::sleep(LOOK).await;
    }
    TokenError::Revoked.into()
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
    if !wait.is_zero() {
        request.set_timeout(wait + Duration::from_secs(2));
    }
    changes(gateway).list_changes(request).await.map_err(Problem::of_query)
}
