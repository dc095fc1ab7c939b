//! Signing in, staying in, and going.
use axum::{extract::State, http::header, response::Response};
use proto::auth::v1::{
    self, ListSessionsRequest, LoginRequest, LogoutRequest, RefreshRequest, RevokeSessionRequest,
    SessionServicePeer,
};
use tonic::Request;
use utoipa_axum::routes;

use super::{
    device::Device,
    shape::{Credentials, Refresh, SessionPage, Tokens},
};
use crate::{
    body::{Json, Nothing},
    edge::{
        access::{Access, HASHING},
        user::{Leaver, User},
    },
    operations::{Operations, Traits},
    path::Id,
    problem::Problem,
    query::Query,
    reply::{self, Confidential, Reply},
    shared::Gateway,
};

/// What may be done to sessions.
pub(crate) fn operations() -> Operations {
    let user = || Traits::new(Access::Users);
    Operations::new("accounts", "")
        .offer(routes!(login), Traits::new(Access::SignIn).refuses(&[401]))
        .offer(routes!(refresh), Traits::new(Access::Refresh).refuses(&[401]))
        .offer(routes!(logout), user())
        .offer(routes!(list), user().paged())
        .offer(routes!(revoke), user())
}

/// The service that keeps them.
fn sessions(gateway: &Gateway) -> SessionServicePeer<'_> {
    SessionServicePeer::new(&gateway.peers.auth)
}

/// Sign in
///
/// It begins a session; sent again, after an answer that was lost, another one. Guesses at a password are slowed down, less where the
/// cookie `errand_device` that a login sets comes with them.
#[utoipa::path(post, path = "/v1/auth/login", operation_id = "login", request_body = Credentials,
    responses((status = 200, description = "A new session", body = Tokens, headers(("Set-Cookie" = String, description = "`errand_device`: by it the device is known again")))))]
pub(crate) async fn login(
    State(gateway): State<Gateway>,
    device: Device,
    Json(body): Json<Credentials>,
) -> Reply {
    let Credentials { email, password } = body;
    let secure = device.is_secure();
    let mut request = Request::new(LoginRequest { email, password, device: Some(device.contract) });
    request.set_timeout(HASHING);
    let tokens = sessions(&gateway).login(request).await?.into_inner();
    Ok(signed_in(tokens, secure))
}

/// Stay signed in
///
/// Every refresh token is good for one use. Used again it gives the same successor as long as that was not used itself; a use after
/// that ends the session.
#[utoipa::path(post, path = "/v1/auth/refresh", operation_id = "refresh", request_body = Refresh,
    responses((status = 200, description = "The next tokens", body = Tokens)))]
pub(crate) async fn refresh(
    State(gateway): State<Gateway>,
    device: Device,
    Json(body): Json<Refresh>,
) -> Reply {
    let Refresh { refresh_token } = body;
    let secure = device.is_secure();
    let request = RefreshRequest { refresh_token, device: Some(device.contract) };
    Ok(signed_in(sessions(&gateway).refresh(request).await?.into_inner(), secure))
}

/// Sign out
///
/// It ends this session, everywhere within a second.
#[utoipa::path(post, path = "/v1/auth/logout", operation_id = "logout", responses((status = 204, description = "Signed out")))]
pub(crate) async fn logout(State(gateway): State<Gateway>, user: Leaver, _: Nothing) -> Reply {
    Ok(reply::no_content(sessions(&gateway).logout(user.asks(LogoutRequest {})).await?))
}

/// List your sessions
///
/// Everywhere you are signed in, the latest first.
#[utoipa::path(get, path = "/v1/sessions", operation_id = "list_sessions", responses((status = 200, description = "Where you are signed in", body = SessionPage)))]
pub(crate) async fn list(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let (limit, cursor) = query.page();
    query.ask()?;
    let answer =
        sessions(&gateway).list_sessions(user.asks(ListSessionsRequest { limit, cursor })).await;
    Ok(reply::plain::<SessionPage, _>(answer.map_err(Problem::of_query)?))
}

/// End a session
///
/// Its tokens are refused within a second.
#[utoipa::path(delete, path = "/v1/sessions/{id}", operation_id = "revoke_session", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "Ended")))]
pub(crate) async fn revoke(
    State(gateway): State<Gateway>,
    user: Leaver,
    Id(id): Id,
    _: Nothing,
) -> Reply {
    Ok(reply::no_content(
        sessions(&gateway).revoke_session(user.asks(RevokeSessionRequest { id })).await?,
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
