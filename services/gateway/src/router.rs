//! The route table: who may call what.
use axum::{
    Router,
    http::StatusCode,
    routing::{delete, get, post, put},
};

use crate::{
    edge::{access::Access, guard::around},
    resources::{about, accounts, activity, changes, projects, sessions, tasks, trash},
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
        .route("/v1/auth/logout", post(sessions::routes::logout))
        .route("/v1/me", get(accounts::routes::read).patch(accounts::routes::update))
        .route("/v1/me/password", put(accounts::routes::change_password))
        .route("/v1/sessions", get(sessions::routes::list))
        .route("/v1/sessions/{id}", delete(sessions::routes::revoke))
        .route("/v1/projects", get(projects::routes::list).post(projects::routes::create))
        .route(
            "/v1/projects/{id}",
            get(projects::routes::read)
                .patch(projects::routes::update)
                .delete(projects::routes::remove),
        )
        .route("/v1/tasks", get(tasks::routes::list).post(tasks::routes::create))
        .route(
            "/v1/tasks/{id}",
            get(tasks::routes::read).patch(tasks::routes::update).delete(tasks::routes::remove),
        )
        .route("/v1/tasks/{id}/complete", post(tasks::routes::complete))
        .route("/v1/tasks/{id}/reopen", post(tasks::routes::reopen))
        .route("/v1/tasks/{id}/move", post(tasks::routes::relocate))
        .route("/v1/trash", get(trash::routes::list))
        .route("/v1/trash/{id}", delete(trash::routes::purge))
        .route("/v1/trash/{id}/restore", post(trash::routes::restore))
        .route("/v1/activity", get(activity::routes::activity))
}

fn listeners() -> Router<Gateway> {
    Router::new()
        .route("/v1/changes", get(changes::routes::list))
        .route("/v1/changes/stream", get(changes::stream::stream))
}

fn signing_in() -> Router<Gateway> {
    Router::new()
        .route("/v1/auth/register", post(accounts::routes::register))
        .route("/v1/auth/login", post(sessions::routes::login))
}

fn refreshing() -> Router<Gateway> {
    Router::new().route("/v1/auth/refresh", post(sessions::routes::refresh))
}

fn anyone() -> Router<Gateway> {
    Router::new()
        .route("/.well-known/jwks.json", get(about::routes::jwks))
        .route("/v1/limits", get(about::routes::limits))
        .route("/openapi.json", get(about::routes::openapi))
        .route("/docs", get(about::docs::docs))
        .route("/docs/", get(about::docs::docs))
        .route("/docs/{file}", get(about::docs::file))
}

async fn nothing() -> StatusCode {
    StatusCode::NOT_FOUND
}
