//! Access tokens: JWTs (RFC 7519, RFC 9068) signed with Ed25519 and nothing else, checked by every service itself.
mod claims;
mod ed25519;
mod error;
mod follow;
mod key;
pub(crate) mod metrics;
mod verifier;

pub use self::{
    claims::{ACCESS_TOKEN_LIFETIME, Claims},
    error::{Flaw, TokenError},
    follow::follow,
    key::SigningKey,
    verifier::{PublicKey, Revocation, TrustUpdate, Verifier},
};
