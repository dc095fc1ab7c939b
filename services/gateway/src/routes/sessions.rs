//! Sessions: signing in, staying in, and going.
use std::time::Duration;

use axum::{extract::State, http::header, response::Response};
use proto::auth::v1::{
    self, ListSessionsRequest, LoginRequest, LogoutRequest, RefreshRequest, RevokeSessionRequest,
};
use serde::Serialize;
use tonic::Request;
use utoipa::{IntoParams, ToSchema};

use super::{Id, Moment};
use crate::{
    body::{Json, Nothing, object},
    device::Device,
    problem::Problem,
    query::Query,
    reply::{self, Confidential, Reply},
    shared::Gateway,
    user::User,
};

/// How long a password hash may take, the wait for its turn included.
pub(super) const HASHING: Duration = Duration::from_millis(4_800);

object! {
    /// What you sign in with.
    pub(crate) struct Credentials {
        #[schema(format = Email, example = "ada@example.org")]
        email: String,
        #[schema(format = Password, example = "correct horse battery staple")]
        password: String,
    }
}

object! {
    /// What you stay signed in with.
    pub(crate) struct Refresh {
        refresh_token: String,
    }
}

/// The tokens of a session (RFC 6749, 5.1).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// Proves who you are: `Authorization: Bearer …`.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds that the access token lives.
    #[schema(example = 600)]
    expires_in: i64,
    /// For the next tokens; good for one use.
    refresh_token: String,
}

/// Somewhere you are signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    #[schema(format = Uuid)]
    id: String,
    /// The address that it was last used from.
    address: String,
    user_agent: String,
    created_at: Moment,
    last_seen_at: Moment,
    expires_at: Moment,
    /// The session that asks.
    current: bool,
}

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionPage {
    items: Vec<Session>,
    /// Where the next page begins; null when there is none.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl From<v1::Session> for Session {
    fn from(session: v1::Session) -> Self {
        let v1::Session { id, address, user_agent, created_at, last_seen_at, expires_at, current } =
            session;
        let (created_at, last_seen_at) = (Moment::of(created_at), Moment::of(last_seen_at));
        Self {
            id,
            address,
            user_agent,
            created_at,
            last_seen_at,
            expires_at: Moment::of(expires_at),
            current,
        }
    }
}

impl From<v1::ListSessionsResponse> for SessionPage {
    fn from(v1::ListSessionsResponse { sessions, next_cursor }: v1::ListSessionsResponse) -> Self {
        Self {
            items: sessions.into_iter().map(Session::from).collect(),
            next_cursor: super::next(next_cursor),
        }
    }
}

/// Where a page begins and how long it is.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document's half of `Query::page`")]
pub(crate) struct Page {
    /// The most items of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Sign in
#[utoipa::path(post, path = "/v1/auth/login", operation_id = "login", tag = "accounts", security(()), request_body = Credentials,
    responses((status = 200, description = "A new session", body = Tokens)))]
pub(crate) async fn login(
    State(gateway): State<Gateway>,
    device: Device,
    Json(body): Json<Credentials>,
) -> Reply {
    let Credentials { email, password } = body;
    let secure = device.is_secure();
    let mut request = Request::new(LoginRequest { email, password, device: Some(device.contract) });
    request.set_timeout(HASHING);
    let tokens = gateway.sessions().login(request).await?.into_inner();
    Ok(signed_in(tokens, secure))
}

/// Stay signed in
///
/// Every refresh token is good for one use. Racing uses within 10 s get the same successor; a later use ends the session.
#[utoipa::path(post, path = "/v1/auth/refresh", operation_id = "refresh", tag = "accounts", security(()), request_body = Refresh,
    responses((status = 200, description = "The next tokens", body = Tokens)))]
pub(crate) async fn refresh(
    State(gateway): State<Gateway>,
    device: Device,
    Json(body): Json<Refresh>,
) -> Reply {
    let Refresh { refresh_token } = body;
    let secure = device.is_secure();
    let request = RefreshRequest { refresh_token, device: Some(device.contract) };
    Ok(signed_in(gateway.sessions().refresh(request).await?.into_inner(), secure))
}

/// Sign out
#[utoipa::path(post, path = "/v1/auth/logout", operation_id = "logout", tag = "accounts", responses((status = 204, description = "Signed out")))]
pub(crate) async fn logout(State(gateway): State<Gateway>, user: User, _: Nothing) -> Reply {
    Ok(reply::done(gateway.sessions().logout(user.asks(LogoutRequest {})).await?))
}

/// List your sessions
#[utoipa::path(get, path = "/v1/sessions", operation_id = "list_sessions", tag = "accounts", params(Page),
    responses((status = 200, description = "Where you are signed in", body = SessionPage)))]
pub(crate) async fn list(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let (limit, cursor) = query.page();
    query.end()?;
    let answer =
        gateway.sessions().list_sessions(user.asks(ListSessionsRequest { limit, cursor })).await;
    Ok(reply::plain::<SessionPage, _>(answer.map_err(Problem::of_query)?))
}

/// End a session
#[utoipa::path(delete, path = "/v1/sessions/{id}", operation_id = "revoke_session", tag = "accounts", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "Ended")))]
pub(crate) async fn revoke(State(gateway): State<Gateway>, user: User, Id(id): Id) -> Reply {
    Ok(reply::done(
        gateway.sessions().revoke_session(user.asks(RevokeSessionRequest { id })).await?,
    ))
}

fn signed_in(tokens: v1::TokenSet, secure: bool) -> Response {
    let v1::TokenSet { access_token, expires_in, refresh_token, device_token } = tokens;
    let mut response =
        reply::json(&Tokens { access_token, token_type: "Bearer", expires_in, refresh_token });
    response.extensions_mut().insert(Confidential);
    response
        .headers_mut()
        .extend(Device::cookie(secure, &device_token).map(|cookie| (header::SET_COOKIE, cookie)));
    response
}
