use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_db::{self as db, Db, on, read};

use super::row::{StoredKey, signing_keys};
use crate::error::Error;

/// All signing keys, the oldest first. Housekeeping keeps them few.
pub(crate) async fn all(db: &Db) -> Result<Vec<StoredKey>, Error> {
    let query = signing_keys::table.order(signing_keys::generation).limit(10_000);
    Ok(read!(db, "key.list", conn => query.select(StoredKey::as_select()).load(conn).await)?)
}

/// Adds a key, unless another replica has just added one of the same generation.
pub(crate) async fn add(db: &Db, key: StoredKey) -> Result<bool, Error> {
    let added = db.write("key.add", move |connection| {
        Box::pin(async move {
            let query =
                diesel::insert_into(signing_keys::table).values(&key).on_conflict_do_nothing();
            Ok::<_, db::Error>(on!(connection, conn => query.execute(conn).await)? == 1)
        })
    });
    Ok(added.await?)
}

/// Removes the keys of these generations.
pub(crate) async fn remove(db: &Db, generations: Vec<i32>) -> Result<(), Error> {
    let removed = db.write("key.remove", move |connection| {
        Box::pin(async move {
            let query = diesel::delete(
                signing_keys::table.filter(signing_keys::generation.eq_any(generations)),
            );
            on!(connection, conn => query.execute(conn).await).map(drop)
        })
    });
    removed.await.map_err(db::Error::into)
}
