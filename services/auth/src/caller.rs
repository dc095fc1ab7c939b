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

/// What a write is known by when it is sent again: the hash of its method, its Idempotency-Key and, where that holds no secret,
/// its content. The next write of the account takes its place.
pub(crate) fn write_key<T>(request: &Request<T>, method: &str, content: &[u8]) -> Option<Vec<u8>> {
    let key = request.metadata().get("idempotency-key")?.as_bytes();
    let parts = [method.as_bytes(), &[0], key, &[0], content].concat();
    Some(ring::digest::digest(&ring::digest::SHA256, &parts).as_ref().to_vec())
}
