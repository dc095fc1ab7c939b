use kit_db::Db;
use kit_rpc::only_validates;
use prost::Message;
use tonic::{Request, Response, Status, metadata::MetadataValue};

use super::{
    error::Error as KeyError,
    rules::{Done, Key},
    store,
};
use crate::{accounts::rules::AccountId, caller::Reply, error::Error, secrets::Secrets};

/// The key that a write was sent under, none when it was sent under none; `content` is what tells it from others.
pub(crate) fn key<T>(
    request: &Request<T>,
    method: &'static str,
    content: &[u8],
    secrets: &Secrets,
) -> Result<Option<Key>, Error> {
    if only_validates(request) {
        return Ok(None);
    }
    let Some(text) = request.metadata().get("idempotency-key") else { return Ok(None) };
    let key =
        text.to_str().ok().and_then(|text| Key::new(text, method, content, &secrets.fingerprints));
    Ok(Some(key.ok_or(KeyError::Malformed)?))
}

/// What was answered before to who asks again through a session that this very request has ended; else the refusal of that session.
pub(crate) async fn answered_before<R: Message + Default>(
    db: &Db,
    account: AccountId,
    key: Option<Key>,
    refusal: Status,
) -> Reply<R> {
    match store::seen(db, account, key.as_ref()).await {
        Ok(Some(done)) => answer(done),
        Ok(None) | Err(Error::Idempotency(KeyError::Reused)) => Err(refusal),
        Err(error) => Err(error.into()),
    }
}

/// What a write came to, as the caller gets it.
pub(crate) fn answer<R: Message + Default>(Done { reply, replayed }: Done) -> Reply<R> {
    let reply =
        R::decode(reply.as_slice()).map_err(|_| Status::internal("a reply of another release"))?;
    let mut response = Response::new(reply);
    if replayed {
        response.metadata_mut().insert("idempotency-replayed", MetadataValue::from_static("true"));
    }
    Ok(response)
}
