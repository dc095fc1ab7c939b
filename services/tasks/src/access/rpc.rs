//! A scope as a whole, as peers ask for it.
use kit_rpc::{Caller, only_validates};
use proto::tasks::v1::{
    EraseScopeRequest, EraseScopeResponse,
    scope_service_server::{ScopeService, ScopeServiceServer},
};
use tonic::{Request, Response, service::Routes};

use super::write::{self, OPERATIONS};
use crate::{
    Error,
    ids::UserId,
    journal::metrics::{count_write, register},
    rpc::{Reply, Rpc},
};

/// Serves it, and names what is counted of it.
pub(crate) fn serve(rpc: Rpc, routes: Routes) -> Routes {
    register(OPERATIONS);
    routes.add_service(ScopeServiceServer::new(rpc))
}

#[tonic::async_trait]
impl ScopeService for Rpc {
    /// It keeps no key: sent again, it does what is left to do.
    async fn erase_scope(&self, request: Request<EraseScopeRequest>) -> Reply<EraseScopeResponse> {
        let user = UserId(Caller::from_request(&request)?.user_id);
        if only_validates(&request) {
            return Err(Error::Invalid(vec![]).into());
        }
        write::erase(&self.db, &self.clock, user).await?;
        self.scopes.remove(&user);
        count_write(["scope", "erase"]);
        Ok(Response::new(EraseScopeResponse {}))
    }
}
