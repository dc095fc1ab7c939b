use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit::{
    Db, Timestamp,
    db::{self, Cached, Connection},
    on, read,
};

use super::optional;
use crate::{
    Error,
    domain::account::{Account, AccountId, Changes},
    schema::accounts,
};

/// The account with this id.
pub(crate) async fn find(db: &Db, id: AccountId) -> Result<Account, Error> {
    let query = accounts::table.find(id);
    let found =
        read!(db, "account.get", conn => query.select(Account::as_select()).first(conn).await);
    optional(found)?.ok_or(Error::AccountNotFound)
}

/// The account with this e-mail address.
pub(crate) async fn find_by_email(db: &Db, email: &str) -> Result<Option<Account>, Error> {
    let query = accounts::table.filter(accounts::email.eq(email));
    optional(
        read!(db, "account.find", conn => query.select(Account::as_select()).first(conn).await),
    )
}

/// Adds an account; EMAIL_TAKEN when there is one with its address.
pub(crate) async fn insert(db: &Db, account: Account) -> Result<(), Error> {
    let inserted = db.write("account.create", move |connection| {
        Box::pin(async move {
            let query = diesel::insert_into(accounts::table).values(&account);
            on!(connection, conn => query.execute(conn).await).map(drop)
        })
    });
    inserted.await.map_err(|error| match error {
        db::Error::Taken(_) => Error::EmailTaken,
        error => error.into(),
    })
}

/// What to write, and on which condition.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) id: AccountId,
    pub(crate) changes: Changes,
    /// Only when the account is at this version.
    pub(crate) if_version: Option<i64>,
    pub(crate) now: Timestamp,
    pub(crate) last_write: Option<Vec<u8>>,
}

/// Writes the changes and gives the account as it is then; none when it is at another version, or gone.
pub(crate) async fn update(db: &Db, update: Update) -> Result<Option<Account>, Error> {
    let Update { id, changes, if_version, now, last_write } = update;
    let written = db.write("account.update", move |connection| {
        Box::pin(async move {
            let any = if_version.is_none().into_sql::<diesel::sql_types::Bool>();
            let row = accounts::table
                .find(id)
                .filter(accounts::version.eq(if_version.unwrap_or(0)).or(any));
            let stamp = (accounts::version.eq(accounts::version + 1), accounts::updated_at.eq(now));
            let query =
                diesel::update(row).set((changes, stamp, accounts::last_write.eq(last_write)));
            on!(connection, conn => query.returning(Account::as_returning()).get_result(conn).await)
        })
    });
    optional(written.await)
}

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

/// Notes a login, as long as the password is the one that was verified; the row stays locked until the transaction ends, so
/// that a change of the password either sees the session that comes of it or stops it.
pub(super) async fn signed_in(
    connection: &mut Connection,
    id: AccountId,
    verified: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = accounts::table.find(id).filter(accounts::password_set_at.eq(verified));
    let query = Cached(diesel::update(row).set(accounts::last_login_at.eq(Some(now))));
    Ok(on!(connection, conn => query.execute(conn).await)? == 1)
}

/// A new password for an account.
#[derive(Debug)]
pub(crate) struct NewPassword {
    pub(crate) id: AccountId,
    /// When the current password, which was verified, had been set.
    pub(crate) verified: Timestamp,
    pub(crate) new: String,
    pub(crate) now: Timestamp,
    pub(crate) last_write: Option<Vec<u8>>,
}

/// Replaces the password that was verified; false when it is another one by now.
pub(super) async fn set_password(
    connection: &mut Connection,
    password: NewPassword,
) -> Result<bool, Error> {
    let NewPassword { id, verified, new, now, last_write } = password;
    let row = accounts::table.find(id).filter(accounts::password_set_at.eq(verified));
    let stamp = (accounts::version.eq(accounts::version + 1), accounts::updated_at.eq(now));
    let query = Cached(diesel::update(row).set((
        (accounts::password_hash.eq(new), accounts::password_set_at.eq(now)),
        stamp,
        accounts::last_write.eq(last_write),
    )));
    Ok(on!(connection, conn => query.execute(conn).await)? == 1)
}
