//! Sessions as JSON, and what one begins with.
use proto::auth::v1;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::object,
    reply::{Moment, next},
};

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
    pub(super) access_token: String,
    #[schema(example = "Bearer")]
    pub(super) token_type: &'static str,
    /// Seconds that the access token lives.
    #[schema(example = 600)]
    pub(super) expires_in: i64,
    /// For the next tokens; good for one use.
    pub(super) refresh_token: String,
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
        let (created_at, last_seen_at) =
            (Moment::from_contract(created_at), Moment::from_contract(last_seen_at));
        Self {
            id,
            address,
            user_agent,
            created_at,
            last_seen_at,
            expires_at: Moment::from_contract(expires_at),
            current,
        }
    }
}

impl From<v1::ListSessionsResponse> for SessionPage {
    fn from(v1::ListSessionsResponse { sessions, next_cursor }: v1::ListSessionsResponse) -> Self {
        Self {
            items: sessions.into_iter().map(Session::from).collect(),
            next_cursor: next(next_cursor),
        }
    }
}
