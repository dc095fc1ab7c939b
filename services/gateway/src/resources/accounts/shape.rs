//! An account as JSON.
use proto::auth::v1;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::{Patch, object},
    reply::{Moment, Resource},
};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// Where the user is reached, and what they sign in with: as it was given, but in lower case and with composed letters. The domain
    /// stays in Unicode or in ASCII, as it was written.
    #[schema(format = Email)]
    email: String,
    /// How the user is called.
    name: String,
    /// Where the user is: an IANA name, in the spelling of the database of zones; an older name of a place stays.
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
        let (created_at, updated_at) =
            (Moment::from_contract(created_at), Moment::from_contract(updated_at));
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
        /// One address however it is written: in any case (`ß` is `ss` before the @), with letters composed or not, its domain in Unicode
        /// or in ASCII. Each has one account.
        #[schema(format = Email, example = "ada@example.org")]
        email: String,
        /// At least 15 characters where the operator asks for no other number; any will do.
        #[schema(format = Password, example = "correct horse battery staple")]
        password: String,
        /// How the user is called.
        name: Option<String>,
        /// An IANA name, kept in the spelling of the database of zones; an older name of a place stays. UTC when absent.
        #[schema(format = "time-zone", example = "Europe/Berlin")]
        time_zone: Option<String>,
    }
}

object! {
    /// What to change about an account. What is absent stays, what is null goes back to its default.
    pub(crate) struct AccountPatch {
        #[schema(value_type = Option<String>)]
        name: Patch<String>,
        #[schema(value_type = Option<String>, format = "time-zone", example = "Europe/Berlin")]
        time_zone: Patch<String>,
    }
}

object! {
    /// Shows that it is you who asks.
    pub(crate) struct PasswordConfirmation {
        /// The password that you sign in with.
        #[schema(format = Password, example = "correct horse battery staple")]
        password: String,
    }
}

object! {
    /// A change of password.
    pub(crate) struct PasswordChange {
        #[schema(format = Password)]
        current_password: String,
        #[schema(format = Password)]
        new_password: String,
    }
}
