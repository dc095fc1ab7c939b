//! Access tokens: JWTs (RFC 7519, RFC 9068) signed with Ed25519 and nothing else, checked by every service itself.
mod claims;
mod ed25519;
mod error;
mod key;
mod verifier;

pub use self::{
    claims::{ACCESS_TOKEN_LIFETIME, AUDIENCES, Claims, ISSUER},
    error::TokenError,
    key::SigningKey,
    verifier::{PublicKey, Revocation, TrustUpdate, Verifier, follow},
};
