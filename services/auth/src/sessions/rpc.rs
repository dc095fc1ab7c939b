use std::sync::Arc;

use kit_base::{Timestamp, page};
use kit_rpc::{Services, only_validates};
use proto::auth::v1::{
    ListSessionsRequest, ListSessionsResponse, LoginRequest, LogoutRequest, RefreshRequest,
    RevokeSessionRequest, SessionServicePeer, TokenSet, session_service_server::SessionService,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{
    error::Error as SessionError,
    login,
    message::{message, origin},
    store,
    write::{self, End},
};
use crate::{
    authority::Authority,
    caller::{Reply, caller, former_caller},
    error::Error,
    idempotency::{
        message::{answer, answered_before, key},
        rules::Key,
    },
    ids::SessionId,
    refresh,
};

/// The session service.
struct Sessions(Arc<Authority>);

/// Serves it.
pub(crate) fn serve(authority: &Arc<Authority>, services: Services) -> Services {
    SessionServicePeer::serve(services, Sessions(Arc::clone(authority)))
}

#[tonic::async_trait]
impl SessionService for Sessions {
    async fn login(&self, request: Request<LoginRequest>) -> Reply<TokenSet> {
        nothing_but_valid(&request)?;
        let request = request.into_inner();
        self.0.ready().await?;
        let origin = origin(request.device.as_ref());
        let verified = login::check(&self.0, request).await?;
        Ok(Response::new(write::begin(&self.0, verified, origin).await?.into()))
    }

    async fn refresh(&self, request: Request<RefreshRequest>) -> Reply<TokenSet> {
        nothing_but_valid(&request)?;
        let RefreshRequest { refresh_token, device } = request.into_inner();
        self.0.ready().await?;
        let origin = origin(device.as_ref());
        Ok(Response::new(refresh::write::refresh(&self.0, &refresh_token, origin).await?.into()))
    }

    async fn logout(&self, request: Request<LogoutRequest>) -> Reply<()> {
        self.end(&request, None).await
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Reply<ListSessionsResponse> {
        let (account, current) = caller(&request)?;
        let ListSessionsRequest { limit, cursor } = request.into_inner();
        let limit = page::limit(limit).map_err(Error::from)?;
        let position = page::decode::<(i64, Uuid)>("sessions", &cursor).map_err(Error::from)?;
        let position = position.map(|(at, id)| (Timestamp::from_microseconds(at), SessionId(id)));
        let now = self.0.clock.now();
        let found = store::list(&self.0.db, account, now, position, limit + 1).await?;
        let (found, next_cursor) = page::cut(
            found,
            limit,
            |session| session.user_agent.len(),
            |last| page::encode("sessions", &(last.created_at.as_microseconds(), last.id.0)),
        );
        let sessions = found.into_iter().map(|session| message(session, current)).collect();
        Ok(Response::new(ListSessionsResponse { sessions, next_cursor }))
    }

    async fn revoke_session(&self, request: Request<RevokeSessionRequest>) -> Reply<()> {
        self.end(&request, Some(&request.get_ref().id)).await
    }
}

/// Whatever is signed in with has the form of it: who asks for faults is told of none.
fn nothing_but_valid<T>(request: &Request<T>) -> Result<(), Error> {
    if only_validates(request) { Err(Error::Invalid(vec![])) } else { Ok(()) }
}

impl Sessions {
    /// Ends the session of this id, or the one that asks. Who asks through a session that this very request has ended, since its
    /// answer was lost, gets that answer again.
    async fn end<T>(&self, request: &Request<T>, id: Option<&str>) -> Reply<()> {
        let refusal = match caller(request) {
            Ok((account, asking)) => {
                let key = self.key(request, asking, id)?;
                let session = id.map_or(Ok(asking), str::parse);
                let session = session.map_err(|_| Error::from(SessionError::NotFound))?;
                let end = End { account, session, must_live: id.is_some(), key };
                return answer(write::end(&self.0, end).await?);
            }
            Err(refusal) => refusal,
        };
        let former = former_caller(request, &self.0.trust.verifier);
        let Some((account, asking)) = former else { return Err(refusal) };
        let key = self.key(request, asking, id)?;
        answered_before(&self.0.db, account, key, refusal).await
    }

    /// A logout stands for the session that asks: under the same key another one is another request.
    fn key<T>(
        &self,
        request: &Request<T>,
        asking: SessionId,
        id: Option<&str>,
    ) -> Result<Option<Key>, Status> {
        let asking = asking.to_string();
        let (method, content) = id.map_or(("Logout", asking.as_str()), |id| ("RevokeSession", id));
        key(request, method, || content.as_bytes().to_vec(), &self.0.secrets)
    }
}
