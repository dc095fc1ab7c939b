//! Accounts: registering, and what users may do to their own.
use axum::extract::State;
use proto::auth::v1::{
    self, ChangePasswordRequest, GetMeRequest, RegisterRequest, UpdateMeRequest,
};
use serde::Serialize;
use tonic::Request;
use utoipa::ToSchema;

use super::Moment;
use crate::{
    body::{Json, Patch, object},
    condition::{IfMatch, IfNoneMatch},
    reply::{self, Reply, Resource},
    shared::Gateway,
    user::User as Asker,
};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// Where the user is reached, and what they sign in with.
    #[schema(format = Email)]
    email: String,
    /// How the user is called.
    name: String,
    /// Where the user is: an IANA name.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// Grows with each change; the ETag.
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

impl From<v1::User> for User {
    fn from(
        v1::User { id, email, name, time_zone, version, created_at, updated_at }: v1::User,
    ) -> Self {
        let (created_at, updated_at) = (Moment::of(created_at), Moment::of(updated_at));
        Self { id, email, name, time_zone, version, created_at, updated_at }
    }
}

impl Resource for User {
    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        "/v1/me".to_owned()
    }
}

object! {
    /// A new account.
    pub(crate) struct Registration {
        #[schema(format = Email, max_length = 254, example = "ada@example.org")]
        email: String,
        /// At least 15 characters; any will do.
        #[schema(format = Password, max_length = 256, example = "correct horse battery staple")]
        password: String,
        /// How the user is called.
        name: Option<String>,
        /// An IANA name; UTC when absent.
        #[schema(example = "Europe/Berlin")]
        time_zone: Option<String>,
    }
}

object! {
    /// What to change about an account. What is absent stays, what is null goes back to its default.
    pub(crate) struct AccountPatch {
        #[schema(value_type = Option<String>)]
        name: Patch<String>,
        #[schema(value_type = Option<String>, example = "Europe/Berlin")]
        time_zone: Patch<String>,
    }
}

object! {
    /// A change of password.
    pub(crate) struct PasswordChange {
        #[schema(format = Password)]
        current_password: String,
        #[schema(format = Password, max_length = 256)]
        new_password: String,
    }
}

/// Register
#[utoipa::path(post, path = "/v1/auth/register", operation_id = "register", tag = "accounts", security(()), request_body = Registration,
    responses((status = 201, description = "The account", body = User)))]
pub(crate) async fn register(
    State(gateway): State<Gateway>,
    Json(body): Json<Registration>,
) -> Reply {
    let Registration { email, password, name, time_zone } = body;
    let mut request = Request::new(RegisterRequest { email, password, name, time_zone });
    // It waits for a password hash.
    request.set_timeout(super::sessions::HASHING);
    let answer = gateway.accounts().register(request).await?;
    Ok(reply::created::<User, _>(answer))
}

/// Read your account
#[utoipa::path(get, path = "/v1/me", operation_id = "read_account", tag = "accounts", responses((status = 200, description = "You", body = User)))]
pub(crate) async fn read(State(gateway): State<Gateway>, user: Asker, has: IfNoneMatch) -> Reply {
    let answer = gateway.accounts().get_me(user.asks(GetMeRequest {})).await?;
    Ok(reply::read::<User, _>(answer, &has))
}

/// Change your account
#[utoipa::path(patch, path = "/v1/me", operation_id = "update_account", tag = "accounts", request_body = AccountPatch,
    responses((status = 200, description = "You, changed", body = User)))]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    user: Asker,
    IfMatch(if_version): IfMatch,
    Json(AccountPatch { name, time_zone }): Json<AccountPatch>,
) -> Reply {
    let mut paths = vec![];
    let (name, time_zone) =
        (name.mask("name", &mut paths), time_zone.mask("time_zone", &mut paths));
    let update_mask = Some(prost_types::FieldMask { paths });
    let answer = gateway
        .accounts()
        .update_me(user.asks(UpdateMeRequest { update_mask, name, time_zone, if_version }))
        .await?;
    Ok(reply::written::<User, _>(answer))
}

/// Change your password
///
/// It ends all your other sessions.
#[utoipa::path(put, path = "/v1/me/password", operation_id = "change_password", tag = "accounts", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
pub(crate) async fn change_password(
    State(gateway): State<Gateway>,
    user: Asker,
    Json(PasswordChange { current_password, new_password }): Json<PasswordChange>,
) -> Reply {
    let request = user.asks(ChangePasswordRequest { current_password, new_password });
    Ok(reply::done(gateway.accounts().change_password(request).await?))
}
