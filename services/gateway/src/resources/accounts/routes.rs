//! Registering, and what users may do to their own account.
use axum::extract::State;
use proto::auth::v1::{
    AccountServicePeer, ChangePasswordRequest, DeleteMeRequest, GetMeRequest, RegisterRequest,
    UpdateMeRequest, limits,
};
use serde_json::json;
use utoipa_axum::routes;

use super::shape::{AccountPatch, PasswordChange, PasswordConfirmation, Registration, User};
use crate::{
    body::Draft,
    condition::{IfMatch, Wanted},
    edge::{
        access::{Access, HASHING},
        idempotency::Key,
        user::{Leaver, User as Asker},
    },
    openapi::pattern,
    operations::{Operations, Traits},
    reply::{self, Reply},
    shared::Gateway,
};

/// What may be done to accounts.
pub(crate) fn operations(password_minimum: usize) -> Operations {
    let user = || Traits::new(Access::Users);
    let registration = json!({
        "email": "ada@example.org", "password": "correct horse battery staple", "name": "Ada", "time_zone": "Europe/Berlin",
    });
    let change = json!({"name": "Ada", "time_zone": "Europe/Berlin"});
    let passwords = json!({
        "current_password": "correct horse battery staple", "new_password": "another horse, another staple",
    });
    let confirmation = json!({"password": "correct horse battery staple"});
    Operations::new("accounts", "Signing up, in and out")
        .offer(
            routes!(register),
            Traits::new(Access::SignIn).keyed().refuses(&[409]).example(registration),
        )
        .offer(routes!(read), user().versioned())
        .offer(routes!(update), user().versioned().example(change))
        .offer(routes!(delete), Traits::new(Access::Confirmed).example(confirmation))
        .offer(routes!(change_password), Traits::new(Access::Confirmed).example(passwords))
        .length(&["Registration"], "email", 3, limits::EMAIL)
        .length(&["Registration"], "password", password_minimum, limits::PASSWORD)
        .length(&["PasswordChange"], "new_password", password_minimum, limits::PASSWORD)
        .length(&["Registration", "AccountPatch"], "name", 1, limits::NAME)
        .pattern(&["Registration", "AccountPatch"], "name", &pattern::VISIBLE_LINE)
        .pattern(&["Registration", "AccountPatch"], "time_zone", pattern::TIME_ZONE)
}

/// The service that keeps them.
fn accounts(gateway: &Gateway) -> AccountServicePeer<'_> {
    AccountServicePeer::new(&gateway.peers.auth)
}

/// Register
///
/// It makes an account with an Inbox; sign in next. That an address has an account already is told, 409 `EMAIL_TAKEN`. A key stands for a
/// registration of one address, and goes with the account.
#[utoipa::path(post, path = "/v1/auth/register", operation_id = "register", request_body = Registration,
    responses((status = 201, description = "The account", body = User)))]
pub(crate) async fn register(
    State(gateway): State<Gateway>,
    key: Key,
    body: Draft<Registration>,
) -> Reply {
    let mut request = body.unsigned(|Registration { email, password, name, time_zone }| {
        RegisterRequest { email, password, name, time_zone }
    });
    key.mark(&mut request);
    // It waits for a password hash.
    request.set_timeout(HASHING);
    let answer = accounts(&gateway).register(request).await?;
    Ok(reply::created::<User, _>(answer))
}

/// Read your account
///
/// With its version as the ETag.
#[utoipa::path(get, path = "/v1/me", operation_id = "read_account", responses((status = 200, description = "You", body = User)))]
pub(crate) async fn read(State(gateway): State<Gateway>, user: Asker, wanted: Wanted) -> Reply {
    let answer = accounts(&gateway).get_me(user.asks(GetMeRequest {})).await?;
    Ok(reply::read::<User, _>(answer, &wanted))
}

/// Change your account
///
/// What is absent stays; a null goes back to the default.
#[utoipa::path(patch, path = "/v1/me", operation_id = "update_account", request_body = AccountPatch,
    responses((status = 200, description = "You, changed", body = User)))]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    user: Asker,
    if_match: IfMatch,
    patch: Draft<AccountPatch>,
) -> Reply {
    let (AccountPatch { name, time_zone }, user) = patch.said_by(user);
    let mut paths = vec![];
    let (name, time_zone) =
        (name.mask("name", &mut paths), time_zone.mask("time_zone", &mut paths));
    let update_mask = Some(prost_types::FieldMask { paths });
    let message = UpdateMeRequest { update_mask, name, time_zone, if_version: None };
    let answer = if_match.ask(|if_version| {
        let request = user.clone().asks(UpdateMeRequest { if_version, ..message.clone() });
        accounts(&gateway).update_me(request)
    });
    Ok(reply::written::<User, _>(answer.await?))
}

/// Delete your account
///
/// At once and for good, with all your sessions; your tasks, projects, trash and history follow within seconds. There is no way back.
#[utoipa::path(delete, path = "/v1/me", operation_id = "delete_account", request_body = PasswordConfirmation,
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    user: Leaver,
    body: Draft<PasswordConfirmation>,
) -> Reply {
    let (PasswordConfirmation { password }, user) = body.said_by(user);
    let mut request = user.asks(DeleteMeRequest { password });
    request.set_timeout(HASHING);
    Ok(reply::no_content(accounts(&gateway).delete_me(request).await?))
}

/// Change your password
///
/// It ends all your other sessions.
#[utoipa::path(put, path = "/v1/me/password", operation_id = "change_password", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
pub(crate) async fn change_password(
    State(gateway): State<Gateway>,
    user: Asker,
    body: Draft<PasswordChange>,
) -> Reply {
    let (PasswordChange { current_password, new_password }, user) = body.said_by(user);
    let mut request = user.asks(ChangePasswordRequest { current_password, new_password });
    request.set_timeout(HASHING);
    Ok(reply::no_content(accounts(&gateway).change_password(request).await?))
}
