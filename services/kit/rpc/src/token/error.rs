use std::time::Duration;

use kit_base::Fault;
use tonic::Code;

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No token.
    #[error("sign in first: send an access token as `Authorization: Bearer …`")]
    Missing,
    /// Not signed by us, or not meant for this service.
    #[error("the access token is not valid")]
    Invalid(Flaw),
    /// Its time is over.
    #[error("the access token has expired; refresh it")]
    Expired,
    /// Its session was ended.
    #[error("the session has ended; sign in again")]
    Revoked,
    /// The keys are not known yet.
    #[error("access tokens cannot be checked right now; try again")]
    Unready,
    /// It may belong to a session that has ended unheard.
    #[error("whether the session is still valid cannot be told right now; reading goes on")]
    Stale,
}

/// What is wrong with a token that is not valid: for operators, and told to nobody who sends one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is no token of the form that ours have.
    Malformed,
    /// It names a key that there is not.
    UnknownKey,
    /// The key that it names has not signed it.
    Signature,
    /// It is signed, and for another service, or for later.
    Claims,
}

impl Fault for TokenError {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::Missing => (Code::Unauthenticated, "TOKEN_MISSING"),
            Self::Invalid(_) => (Code::Unauthenticated, "TOKEN_INVALID"),
            Self::Expired => (Code::Unauthenticated, "TOKEN_EXPIRED"),
            Self::Revoked => (Code::Unauthenticated, "SESSION_ENDED"),
            Self::Unready => (Code::Unavailable, "KEYS_UNAVAILABLE"),
            Self::Stale => (Code::Unavailable, "TRUST_STALE"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Unready | Self::Stale).then_some(Duration::from_secs(1))
    }
}
