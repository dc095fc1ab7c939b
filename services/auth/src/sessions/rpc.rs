use std::sync::Arc;

use kit::page;
use proto::auth::v1::{
    ListSessionsRequest, ListSessionsResponse, LoginRequest, LogoutRequest, RefreshRequest,
    RevokeSessionRequest, TokenSet, session_service_server::SessionService,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    error::Error as SessionError,
    login,
    message::{message, origin},
    rules::SessionId,
    store, write,
};
use crate::{
    authority::Authority,
    caller::{Reply, caller},
    error::Error,
    refresh,
};

/// The session service.
pub(crate) struct Sessions(pub(crate) Arc<Authority>);

#[tonic::async_trait]
impl SessionService for Sessions {
    async fn login(&self, request: Request<LoginRequest>) -> Reply<TokenSet> {
        let request = request.into_inner();
        self.0.ready().await?;
        let origin = origin(request.device.as_ref());
        let verified = login::check(&self.0, request).await?;
        Ok(Response::new(write::begin(&self.0, verified, origin).await?.into()))
    }

    async fn refresh(&self, request: Request<RefreshRequest>) -> Reply<TokenSet> {
        let RefreshRequest { refresh_token, device } = request.into_inner();
        self.0.ready().await?;
        let origin = origin(device.as_ref());
        Ok(Response::new(refresh::write::refresh(&self.0, &refresh_token, origin).await?.into()))
    }

    async fn logout(&self, request: Request<LogoutRequest>) -> Reply<()> {
        let (account, session) = caller(&request)?;
        match write::end(&self.0, account, session).await {
            // It has just ended some other way: what the caller wants is so.
            Ok(()) | Err(Error::Session(SessionError::NotFound)) => Ok(Response::new(())),
            Err(error) => Err(error.into()),
        }
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Reply<ListSessionsResponse> {
        let (account, current) = caller(&request)?;
        let ListSessionsRequest { limit, cursor } = request.into_inner();
        let limit = page::limit(limit).map_err(Error::from)?;
        let position: Option<Uuid> = page::decode("sessions", &cursor).map_err(Error::from)?;
        let now = self.0.clock.now();
        let found =
            store::list(&self.0.db, account, now, position.map(SessionId), limit + 1).await?;
        let (found, next_cursor) =
            page::cut(found, limit, |last| page::encode("sessions", &last.id.0));
        let sessions = found.into_iter().map(|session| message(session, current)).collect();
        Ok(Response::new(ListSessionsResponse { sessions, next_cursor }))
    }

    async fn revoke_session(&self, request: Request<RevokeSessionRequest>) -> Reply<()> {
        let (account, _) = caller(&request)?;
        let session = request.get_ref().id.parse::<SessionId>();
        let session = session.map_err(|_| Error::from(SessionError::NotFound))?;
        write::end(&self.0, account, session).await?;
        Ok(Response::new(()))
    }
}
