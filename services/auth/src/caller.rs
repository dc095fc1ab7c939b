//! Who asks.
use kit_rpc::{Caller, token::Verifier};
use tonic::{Request, Response, Status};

use crate::ids::{AccountId, SessionId};

/// What a handler answers.
pub(crate) type Reply<T> = Result<Response<T>, Status>;

/// Who asks, and through which session.
pub(crate) fn caller<T>(request: &Request<T>) -> Result<(AccountId, SessionId), Status> {
    let Caller { user_id, session_id } = Caller::from_request(request)?;
    Ok((AccountId(user_id), SessionId(session_id)))
}

/// Whose session it was, where the token is refused for nothing but that its session has ended. It may be told what it was told
/// before, and do nothing more.
pub(crate) fn former_caller<T>(
    request: &Request<T>,
    verifier: &Verifier,
) -> Option<(AccountId, SessionId)> {
    let header = request.metadata().get("authorization")?.to_str().ok()?;
    let (_, token) = header.split_once(' ')?;
    let Caller { user_id, session_id } = verifier.former(token.trim_start())?;
    Some((AccountId(user_id), SessionId(session_id)))
}
