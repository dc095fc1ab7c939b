//! The API's own facts as JSON.
use serde::Serialize;
use utoipa::ToSchema;

/// The keys that access tokens are signed with (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeySet {
    pub(super) keys: Vec<Key>,
}

/// An Ed25519 public key (RFC 8037).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Key {
    #[schema(example = "OKP")]
    pub(super) kty: &'static str,
    #[schema(example = "Ed25519")]
    pub(super) crv: &'static str,
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub(super) purpose: &'static str,
    #[schema(example = "EdDSA")]
    pub(super) alg: &'static str,
    pub(super) kid: String,
    pub(super) x: String,
}

/// What a client may count on. Rates are requests a minute.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Limits {
    /// The length of a page when none is asked for.
    pub(super) default_page: i64,
    /// The longest page.
    pub(super) longest_page: i64,
    /// The largest body, in bytes.
    pub(super) body_bytes: usize,
    /// How deep a body may be nested.
    pub(super) body_depth: usize,
    /// Open change streams of a user.
    pub(super) streams: usize,
    /// Polls of a user that wait for changes at once.
    pub(super) polls: usize,
    /// Null where there is no limit.
    #[schema(required)]
    pub(super) rates: Option<RateLimits>,
}

/// Requests a minute.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RateLimits {
    /// Of one user.
    pub(super) user: u32,
    /// Of one address.
    pub(super) address: u32,
    /// Logins, registrations and passwords that are said once more, of one address.
    pub(super) login: u32,
    /// Refreshes of one address.
    pub(super) refresh: u32,
}
