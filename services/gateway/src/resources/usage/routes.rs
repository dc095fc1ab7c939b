//! What may be asked about the usage.
use axum::extract::State;
use proto::tasks::v1::{GetUsageRequest, UsageServicePeer};
use utoipa_axum::routes;

use super::shape::Usage;
use crate::{
    edge::{access::Access, user::User},
    operations::{Operations, Traits},
    reply::{self, Reply},
    shared::Gateway,
};

/// What may be asked about the usage.
pub(crate) fn operations() -> Operations {
    Operations::new("accounts", "").offer(routes!(read), Traits::new(Access::Users))
}

/// Read your usage
///
/// How much you keep, and may keep.
#[utoipa::path(get, path = "/v1/usage", operation_id = "read_usage", responses((status = 200, description = "The usage", body = Usage)))]
pub(crate) async fn read(State(gateway): State<Gateway>, user: User) -> Reply {
    let usage = UsageServicePeer::new(&gateway.peers.tasks);
    let answer = usage.get_usage(user.asks(GetUsageRequest {})).await?;
    Ok(reply::plain::<Usage, _>(answer))
}
