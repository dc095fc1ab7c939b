//! Signing in, staying in, and going.
use axum::{extract::State, http::header, response::Response};
use proto::auth::v1::{
    self, ListSessionsRequest, LoginRequest, LogoutRequest, RefreshRequest, RevokeSessionRequest,
};
use tonic::Request;

use super::{
    device::Device,
    shape::{Credentials, Refresh, SessionPage, Tokens},
};
use crate::{
    body::{Json, Nothing},
    edge::{access::HASHING, user::User},
    path::Id,
    problem::Problem,
    query::{Page, Query},
    reply::{self, Confidential, Reply},
    shared::Gateway,
};

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
