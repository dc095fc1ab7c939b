//! The contracts: each handler checks its caller, parses, applies a rule, stores, replies.
mod accounts;
mod credentials;
mod refresh;
mod sessions;
mod trust;

use std::sync::Arc;

use kit::{Caller, Timestamp, caller::Authenticate};
use proto::auth::v1::{
    Device, User, account_service_server::AccountServiceServer,
    session_service_server::SessionServiceServer, trust_service_server::TrustServiceServer,
};
use ring::digest;
use tonic::{Request, Response, Status, service::Routes};

use crate::{
    authority::Authority,
    domain::{
        account::{Account, AccountId},
        session::{Origin, SessionId},
    },
};

type Reply<T> = Result<Response<T>, Status>;

/// The longest request, in bytes.
const MAX_REQUEST: usize = 64 * 1024;

/// The routes of all three services; each request carries the verdict on its token.
pub(crate) fn routes(authority: &Arc<Authority>) -> Routes {
    let accounts = AccountServiceServer::new(accounts::Accounts(Arc::clone(authority)));
    let sessions = SessionServiceServer::new(sessions::Sessions(Arc::clone(authority)));
    let trust = TrustServiceServer::new(trust::TrustStreams(Arc::clone(authority)));
    let routes = Routes::new(accounts.max_decoding_message_size(MAX_REQUEST))
        .add_service(sessions.max_decoding_message_size(MAX_REQUEST))
        .add_service(trust.max_decoding_message_size(MAX_REQUEST));
    let verifier = Arc::clone(&authority.trust.verifier);
    routes.into_axum_router().layer(Authenticate::new(verifier)).into()
}

/// Who asks, and through which session.
fn caller<T>(request: &Request<T>) -> Result<(AccountId, SessionId), Status> {
    let Caller { user_id, session_id } = Caller::of(request)?;
    Ok((AccountId(user_id), SessionId(session_id)))
}

/// What a write is known by when it is sent again: the hash of its method, its Idempotency-Key and, where that holds no secret,
/// its content. The next write of the account takes its place.
fn write_key<T>(request: &Request<T>, method: &str, content: &[u8]) -> Option<Vec<u8>> {
    let key = request.metadata().get("idempotency-key")?.as_bytes();
    let parts = [method.as_bytes(), &[0], key, &[0], content].concat();
    Some(digest::digest(&digest::SHA256, &parts).as_ref().to_vec())
}

/// Where the request comes from, as the edge saw it.
fn origin(device: Option<&Device>) -> Origin {
    device.map_or_else(
        || Origin::new("", ""),
        |device| Origin::new(&device.address, &device.user_agent),
    )
}

/// A moment as the contracts carry it.
fn moment(timestamp: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = timestamp.to_proto();
    prost_types::Timestamp { seconds, nanos }
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        let Account {
            id,
            email,
            name,
            time_zone,
            password_hash: _,
            password_set_at: _,
            version,
            created_at,
            updated_at,
            last_login_at: _,
            last_write: _,
        } = account;
        let (created_at, updated_at) = (Some(moment(created_at)), Some(moment(updated_at)));
        Self { id: id.to_string(), email, name, time_zone, version, created_at, updated_at }
    }
}
