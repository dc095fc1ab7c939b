use std::sync::Arc;

use kit::{page, token::ACCESS_TOKEN_LIFETIME};
use proto::auth::v1::{
    ListSessionsRequest, ListSessionsResponse, LoginRequest, LogoutRequest, RefreshRequest,
    RevokeSessionRequest, Session, TokenSet, session_service_server::SessionService,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{
    Reply, caller,
    credentials::{self, Verified},
    moment, origin, refresh,
};
use crate::{
    Error,
    authority::Authority,
    domain::{
        account::AccountId,
        device,
        session::{self, Origin, RefreshToken, SessionId, StoredToken, expiry},
    },
    metrics,
    secrets::random,
    store,
    store::sessions::Login,
};

/// The session service.
pub(super) struct Sessions(pub(super) Arc<Authority>);

#[tonic::async_trait]
impl SessionService for Sessions {
    async fn login(&self, request: Request<LoginRequest>) -> Reply<TokenSet> {
        let request = request.into_inner();
        self.0.ready().await?;
        let origin = origin(request.device.as_ref());
        let verified = credentials::check(&self.0, request).await?;
        Ok(Response::new(begin(&self.0, verified, origin).await?))
    }

    async fn refresh(&self, request: Request<RefreshRequest>) -> Reply<TokenSet> {
        let RefreshRequest { refresh_token, device } = request.into_inner();
        self.0.ready().await?;
        Ok(Response::new(refresh::refresh(&self.0, &refresh_token, origin(device.as_ref())).await?))
    }

    async fn logout(&self, request: Request<LogoutRequest>) -> Reply<()> {
        let (account, session) = caller(&request)?;
        match end(&self.0, account, session).await {
            // It has just ended some other way: what the caller wants is so.
            Ok(()) | Err(Error::SessionNotFound) => Ok(Response::new(())),
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
            store::sessions::list(&self.0.db, account, now, position.map(SessionId), limit + 1)
                .await?;
        let (found, next_cursor) =
            page::cut(found, limit, |last| page::encode("sessions", &last.id.0));
        let sessions = found.into_iter().map(|session| message(session, current)).collect();
        Ok(Response::new(ListSessionsResponse { sessions, next_cursor }))
    }

    async fn revoke_session(&self, request: Request<RevokeSessionRequest>) -> Reply<()> {
        let (account, _) = caller(&request)?;
        let session = request.get_ref().id.parse::<SessionId>();
        end(&self.0, account, session.map_err(|_| Error::SessionNotFound)?).await?;
        Ok(Response::new(()))
    }
}

/// Begins a session for someone whose password was right.
async fn begin(
    authority: &Authority,
    verified: Verified,
    origin: Origin,
) -> Result<TokenSet, Status> {
    let Verified { account, device, counters } = verified;
    let (now, id) = (authority.clock.now(), SessionId::new(&authority.clock));
    let access_token = authority.keyring.access_token(account.id, id, &authority.clock)?;
    let refresh_token = RefreshToken::new(random());
    let Origin { address, user_agent } = origin;
    let session = session::Session {
        account_id: account.id,
        id,
        address,
        user_agent,
        created_at: now,
        last_seen_at: now,
        expires_at: expiry(now, now),
        ended_at: None,
    };
    let hash = refresh_token.hash();
    let token =
        StoredToken { hash, account_id: account.id, session_id: id, issued_at: now, used_at: None };
    let login = Login { verified: account.password_set_at, session, token, counters };
    if !store::sessions::begin(&authority.db, login).await? {
        metrics::login_failed("bad_password");
        return Err(Error::CredentialsInvalid.into());
    }
    metrics::login_succeeded();
    metrics::token_issued("refresh");
    tracing::info!(target: "audit", { account.id = %account.id, session.id = %id }, "someone signed in");
    let device_token = device::issue(&authority.secrets.devices, account.id, device, now);
    Ok(token_set(access_token, &refresh_token, device_token))
}

/// The tokens as a client gets them.
pub(super) fn token_set(
    access_token: String,
    refresh_token: &RefreshToken,
    device_token: String,
) -> TokenSet {
    let expires_in = i64::try_from(ACCESS_TOKEN_LIFETIME.as_secs()).expect("minutes");
    TokenSet { access_token, expires_in, refresh_token: refresh_token.text(), device_token }
}

/// Ends a session and tells everyone.
pub(super) async fn end(
    authority: &Authority,
    account: AccountId,
    session: SessionId,
) -> Result<(), Error> {
    let now = authority.clock.now();
    store::sessions::end(&authority.db, account, session, now).await?;
    authority.revoke(&[session], now);
    tracing::info!(target: "audit", { account.id = %account, session.id = %session }, "a session was ended");
    Ok(())
}

fn message(session: session::Session, current: SessionId) -> Session {
    let session::Session {
        account_id: _,
        id,
        address,
        user_agent,
        created_at,
        last_seen_at,
        expires_at,
        ended_at: _,
    } = session;
    Session {
        id: id.to_string(),
        address,
        user_agent,
        created_at: Some(moment(created_at)),
        last_seen_at: Some(moment(last_seen_at)),
        expires_at: Some(moment(expires_at)),
        current: id == current,
    }
}
