//! What an access token says.
use std::time::Duration;

use kit_base::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token lives.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(600);

/// Who signs.
pub(super) const ISSUER: &str = "errand/auth";

/// Who is meant: each service checks for its own name.
const AUDIENCES: [&str; 3] = ["gateway", "tasks", "auth"];

/// RFC 9068: what kind of token this is, so that no other signed thing passes for one.
pub(super) const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    /// Audiences.
    pub aud: Vec<String>,
    /// The user.
    pub sub: Uuid,
    /// The session: its end ends the token.
    pub sid: Uuid,
    /// Names the token.
    pub jti: Uuid,
    /// Issued at, in seconds since 1970.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Not from then on.
    pub exp: i64,
}

impl Claims {
    /// What the token `jti` says of a session of a user, to every service, from `now` on.
    #[must_use]
    pub fn new(sub: Uuid, sid: Uuid, jti: Uuid, now: Timestamp) -> Self {
        let (iss, aud) = (ISSUER.to_owned(), AUDIENCES.map(str::to_owned).to_vec());
        let (iat, exp) = (now.as_seconds(), now.plus(ACCESS_TOKEN_LIFETIME).as_seconds());
        Self { iss, aud, sub, sid, jti, iat, nbf: iat, exp }
    }
}
