//! What an access token says.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token lives.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(600);

/// Who signs.
pub const ISSUER: &str = "errand/auth";

/// Who is meant: each service checks for its own name.
pub const AUDIENCES: [&str; 3] = ["gateway", "tasks", "auth"];

/// RFC 9068: what kind of token this is, so that no other signed thing passes for one.
pub(super) const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: [`ISSUER`].
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
