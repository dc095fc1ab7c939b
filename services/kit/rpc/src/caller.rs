//! Who is asking.
use kit_base::error;
use tonic::Status;
use uuid::Uuid;

use crate::token::TokenError;

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user_id: Uuid,
    /// The session that the user asks through.
    pub session_id: Uuid,
}

impl Caller {
    /// The caller of a request to a service with a [`Verifier`](crate::token::Verifier); UNAUTHENTICATED with the reason when there is none.
    pub fn from_request<T>(request: &tonic::Request<T>) -> Result<Self, Status> {
        let verdict = request.extensions().get::<Verdict>();
        let Verdict(verdict) = verdict.unwrap_or(&Verdict(Err(TokenError::Missing)));
        verdict.clone().map_err(|refusal| error::status(&refusal))
    }
}

/// The metadata of a write whose sender knows of faults already and asks for the others: it is refused in any case, with what the
/// rules find.
pub const VALIDATE_ONLY: &str = "validate-only";

/// Whether a request may write nothing: see [`VALIDATE_ONLY`].
pub fn only_validates<T>(request: &tonic::Request<T>) -> bool {
    request.metadata().contains_key(VALIDATE_ONLY)
}

/// What came of the check.
#[derive(Clone)]
pub(crate) struct Verdict(pub(crate) Result<Caller, TokenError>);
