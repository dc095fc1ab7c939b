use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{self as db, Connection, Db, housekeeping::Sweep, on, read};
use prost::Message;

use super::{
    error::Error as KeyError,
    row::{UsedKey, idempotency_keys},
    rules::{Done, Key},
};
use crate::{error::Error, ids::AccountId, limits::IDEMPOTENCY_KEYS, store::optional};

/// Keys are forgotten by when they were used.
pub(crate) const SWEEP: Sweep = Sweep::by_age("idempotency_keys", "user_id, key", "created_at");

/// What the write came to before, under the same key; KEY_REUSED when that was another write. To be asked while the account is
/// locked, so that of two that race one finds what the other answered.
pub(crate) async fn find<R>(
    connection: &mut Connection,
    user: AccountId,
    key: Option<&Key>,
) -> Result<Option<Done<R>>, Error> {
    let Some(key) = key else { return Ok(None) };
    let query = idempotency_keys::table.find((user, &key.key));
    judged(
        key,
        on!(connection, conn => query.select(UsedKey::as_select()).first::<UsedKey>(conn).await),
    )
}

/// The same outside of a transaction, to save the work that the write would be.
pub(crate) async fn find_used<R>(
    db: &Db,
    user: AccountId,
    key: Option<&Key>,
) -> Result<Option<Done<R>>, Error> {
    let Some(key) = key else { return Ok(None) };
    let query = idempotency_keys::table.find((user, &key.key));
    judged(
        key,
        read!(db, "key.find", conn => query.select(UsedKey::as_select()).first::<UsedKey>(conn).await),
    )
}

fn judged<R>(key: &Key, found: Result<UsedKey, db::Error>) -> Result<Option<Done<R>>, Error> {
    match optional(found)? {
        Some(used) if used.fingerprint == key.fingerprint => Ok(Some(Done::Replayed(used.reply))),
        Some(_) => Err(KeyError::Reused.into()),
        None => Ok(None),
    }
}

/// Forgets every key of a user.
pub(crate) async fn forget(connection: &mut Connection, user: AccountId) -> Result<(), Error> {
    let query = diesel::delete(idempotency_keys::table.filter(idempotency_keys::user_id.eq(user)));
    on!(connection, conn => query.execute(conn).await)?;
    Ok(())
}

/// Keeps the reply of a write under its key, and gives what the write came to.
pub(crate) async fn remember_used<R: Message>(
    connection: &mut Connection,
    user: AccountId,
    key: Option<Key>,
    reply: R,
    now: Timestamp,
) -> Result<Done<R>, Error> {
    if let Some(Key { key, fingerprint }) = key {
        let encoded = reply.encode_to_vec();
        let used = UsedKey { user_id: user, key, fingerprint, reply: encoded, created_at: now };
        let query = diesel::insert_into(idempotency_keys::table).values(&used);
        on!(connection, conn => query.execute(conn).await)?;
        forget_oldest(connection, user).await?;
    }
    Ok(Done::Fresh(reply))
}

/// Forgets the keys of an account that are more than it may have, the oldest first.
async fn forget_oldest(connection: &mut Connection, user: AccountId) -> Result<(), Error> {
    let own = idempotency_keys::table.filter(idempotency_keys::user_id.eq(user));
    let newest = own.select(idempotency_keys::key).order(idempotency_keys::created_at.desc());
    let query = newest.offset(IDEMPOTENCY_KEYS).limit(SOME);
    let old: Vec<String> = on!(connection, conn => query.load(conn).await)?;
    if !old.is_empty() {
        let gone = idempotency_keys::table
            .filter(idempotency_keys::user_id.eq(user).and(idempotency_keys::key.eq_any(old)));
        on!(connection, conn => diesel::delete(gone).execute(conn).await)?;
    }
    Ok(())
}

/// As many as go with one write.
const SOME: i64 = 16;
