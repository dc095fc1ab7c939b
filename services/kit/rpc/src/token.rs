//! Access tokens: JWTs (RFC 7519, RFC 9068) signed with Ed25519 and nothing else, checked by every service itself.
mod ed25519;
mod verifier;

use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use verifier::{PublicKey, Revocation, TokenError, TrustUpdate, Verifier, follow};

/// How long an access token lives.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(600);

/// Who signs.
pub const ISSUER: &str = "errand/auth";

/// Who is meant: each service checks for its own name.
pub const AUDIENCES: [&str; 3] = ["gateway", "tasks", "auth"];

/// RFC 9068: what kind of token this is, so that no other signed thing passes for one.
const TYPE: &str = "at+jwt";

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

/// A private key and its name.
pub struct SigningKey {
    id: String,
    key: EncodingKey,
}

impl SigningKey {
    /// A key from its PKCS#8 document (RFC 8410); an error when it is none.
    pub fn new(id: String, pkcs8: &[u8]) -> anyhow::Result<Self> {
        ed25519::public_key(pkcs8)?;
        Ok(Self { id, key: EncodingKey::from_ed_der(pkcs8) })
    }

    /// A new private key as a PKCS#8 document, and its public half.
    pub fn generate() -> (Vec<u8>, [u8; 32]) {
        ed25519::generate()
    }

    /// The token that says `claims`.
    pub fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        ed25519::install();
        let mut header = Header::new(jsonwebtoken::Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.id.clone());
        Ok(jsonwebtoken::encode(&header, claims, &self.key)?)
    }
}
