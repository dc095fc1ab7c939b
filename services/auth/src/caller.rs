//! Who asks.
use kit::Caller;
use tonic::{Request, Response, Status};

use crate::{accounts::rules::AccountId, sessions::rules::SessionId};

/// What a handler answers.
pub(crate) type Reply<T> = Result<Response<T>, Status>;

/// Who asks, and through which session.
pub(crate) fn caller<T>(request: &Request<T>) -> Result<(AccountId, SessionId), Status> {
    let Caller { user_id, session_id } = Caller::of(request)?;
    Ok((AccountId(user_id), SessionId(session_id)))
}
