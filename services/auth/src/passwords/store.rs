use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{self as db, Cached, Connection, Db, on};

use crate::{accounts::row::accounts, error::Error, ids::AccountId};

/// Replaces the hash of the same password by one of today's cost; does nothing when the password has changed since.
pub(crate) async fn rehash(db: &Db, id: AccountId, old: String, new: String) -> Result<(), Error> {
    let written = db.write("account.rehash", move |connection| {
        Box::pin(async move {
            let row = accounts::table.find(id).filter(accounts::password_hash.eq(old));
            let query = Cached(diesel::update(row).set(accounts::password_hash.eq(new)));
            on!(connection, conn => query.execute(conn).await).map(drop)
        })
    });
    written.await.map_err(db::Error::into)
}

/// A new password for an account.
#[derive(Debug)]
pub(crate) struct NewPassword {
    pub(crate) id: AccountId,
    /// When the current password, which was verified, had been set.
    pub(crate) verified: Timestamp,
    pub(crate) new: String,
    pub(crate) now: Timestamp,
}

/// Replaces the password that was verified; false when it is another one by now.
pub(super) async fn replace(
    connection: &mut Connection,
    password: NewPassword,
) -> Result<bool, Error> {
    let NewPassword { id, verified, new, now } = password;
    let row = accounts::table.find(id).filter(accounts::password_set_at.eq(verified));
    let stamp = (accounts::version.eq(accounts::version + 1), accounts::updated_at.eq(now));
    let query = Cached(
        diesel::update(row)
            .set(((accounts::password_hash.eq(new), accounts::password_set_at.eq(now)), stamp)),
    );
    Ok(on!(connection, conn => query.execute(conn).await)? == 1)
}
