//! The routes of all three services.
use std::sync::Arc;

use proto::auth::v1::{
    account_service_server::AccountServiceServer, session_service_server::SessionServiceServer,
    trust_service_server::TrustServiceServer,
};
use tonic::service::Routes;

use crate::{
    accounts::rpc::Accounts, authority::Authority, sessions::rpc::Sessions,
    trust::rpc::TrustStreams,
};

/// See the module.
pub(crate) fn routes(authority: &Arc<Authority>) -> Routes {
    let accounts = AccountServiceServer::new(Accounts(Arc::clone(authority)));
    let sessions = SessionServiceServer::new(Sessions(Arc::clone(authority)));
    let trust = TrustServiceServer::new(TrustStreams(Arc::clone(authority)));
    Routes::new(accounts).add_service(sessions).add_service(trust)
}
