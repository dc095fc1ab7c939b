use kit_db::Db;
use kit_rpc::idempotency;
use prost::Message;
use tonic::{Request, Response, Status};

use super::{
    error::Error as KeyError,
    rules::{Done, Key},
    store,
};
use crate::{caller::Reply, error::Error, ids::AccountId, secrets::Secrets};

/// The key that a write was sent under, none when it was sent under none; `content` is what tells it from others.
pub(crate) fn key<T>(
    request: &Request<T>,
    method: &'static str,
    content: impl FnOnce() -> Vec<u8>,
    secrets: &Secrets,
) -> Result<Option<Key>, Status> {
    let key = idempotency::key(request)?;
    Ok(key.map(|text| Key::new(text, method, &content(), &secrets.fingerprints)))
}

/// What was answered before to who asks again through a session that this very request has ended; else the refusal of that session.
pub(crate) async fn answered_before<R: Message + Default>(
    db: &Db,
    account: AccountId,
    key: Option<Key>,
    refusal: Status,
) -> Reply<R> {
    match store::find_used(db, account, key.as_ref()).await {
        Ok(Some(done)) => answer(done),
        Ok(None) | Err(Error::Idempotency(KeyError::Reused)) => Err(refusal),
        Err(error) => Err(error.into()),
    }
}

/// What a write came to, as the caller gets it.
pub(crate) fn answer<R: Message + Default>(done: Done<R>) -> Reply<R> {
    match done {
        Done::Fresh(reply) => Ok(Response::new(reply)),
        Done::Replayed(encoded) => idempotency::replayed(&encoded),
    }
}
