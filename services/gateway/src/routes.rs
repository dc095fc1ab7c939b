//! The route table: who may call what. The files below hold a resource each: its JSON, and a handler a route.
pub(crate) mod about;
pub(crate) mod accounts;
pub(crate) mod changes;
mod id;
mod moment;
pub(crate) mod projects;
pub(crate) mod sessions;
pub(crate) mod tasks;
pub(crate) mod trash;

use axum::{
    Router,
    http::StatusCode,
    routing::{delete, get, post, put},
};

pub(crate) use self::{id::Id, moment::Moment};

use crate::{
    edge::{Access, around},
    shared::Gateway,
};

/// All routes, inside the edge.
pub(crate) fn router(gateway: &Gateway) -> Router {
    Router::new()
        .merge(users().layer(around(gateway, Access::Users)))
        .merge(listeners().layer(around(gateway, Access::Listeners)))
        .merge(signing_in().layer(around(gateway, Access::SignIn)))
        .merge(refreshing().layer(around(gateway, Access::Refresh)))
        .merge(anyone().fallback(nothing).layer(around(gateway, Access::Anyone)))
        .with_state(gateway.clone())
}

fn users() -> Router<Gateway> {
    Router::new()
        .route("/v1/auth/logout", post(sessions::logout))
        .route("/v1/me", get(accounts::read).patch(accounts::update))
        .route("/v1/me/password", put(accounts::change_password))
        .route("/v1/sessions", get(sessions::list))
        .route("/v1/sessions/{id}", delete(sessions::revoke))
        .route("/v1/projects", get(projects::list).post(projects::create))
        .route(
            "/v1/projects/{id}",
            get(projects::read).patch(projects::update).delete(projects::remove),
        )
        .route("/v1/tasks", get(tasks::list).post(tasks::create))
        .route("/v1/tasks/{id}", get(tasks::read).patch(tasks::update).delete(tasks::remove))
        .route("/v1/tasks/{id}/complete", post(tasks::complete))
        .route("/v1/tasks/{id}/reopen", post(tasks::reopen))
        .route("/v1/tasks/{id}/move", post(tasks::relocate))
        .route("/v1/trash", get(trash::list))
        .route("/v1/trash/{id}", delete(trash::purge))
        .route("/v1/trash/{id}/restore", post(trash::restore))
        .route("/v1/activity", get(changes::activity))
}

fn listeners() -> Router<Gateway> {
    Router::new()
        .route("/v1/changes", get(changes::list))
        .route("/v1/changes/stream", get(changes::stream))
}

fn signing_in() -> Router<Gateway> {
    Router::new()
        .route("/v1/auth/register", post(accounts::register))
        .route("/v1/auth/login", post(sessions::login))
}

fn refreshing() -> Router<Gateway> {
    Router::new().route("/v1/auth/refresh", post(sessions::refresh))
}

fn anyone() -> Router<Gateway> {
    Router::new()
        .route("/.well-known/jwks.json", get(about::jwks))
        .route("/v1/limits", get(about::limits))
        .route("/openapi.json", get(about::openapi))
        .route("/docs", get(about::docs))
        .route("/docs/", get(about::docs))
        .route("/docs/{file}", get(about::docs_file))
}

async fn nothing() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// The cursor of the next page; empty in the contracts when there is none.
fn next(cursor: String) -> Option<String> {
    Some(cursor).filter(|cursor| !cursor.is_empty())
}
