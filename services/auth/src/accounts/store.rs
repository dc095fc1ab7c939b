use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit::{
    Db, Timestamp,
    db::{self, Cached, Connection},
    on, read,
};

use super::{
    error::Error as AccountError,
    row::Account,
    rules::{AccountId, Changes},
};
use crate::{error::Error, schema::accounts, store::optional};

/// The account with this id.
pub(crate) async fn find(db: &Db, id: AccountId) -> Result<Account, Error> {
    let query = accounts::table.find(id);
    let found =
        read!(db, "account.get", conn => query.select(Account::as_select()).first(conn).await);
    optional(found)?.ok_or(AccountError::NotFound.into())
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
        db::Error::Taken(_) => AccountError::EmailTaken.into(),
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
    let Update { id, changes: Changes { name, time_zone }, if_version, now, last_write } = update;
    let written = db.write("account.update", move |connection| {
        Box::pin(async move {
            let any = if_version.is_none().into_sql::<diesel::sql_types::Bool>();
            let row = accounts::table
                .find(id)
                .filter(accounts::version.eq(if_version.unwrap_or(0)).or(any));
            let stamp = (accounts::version.eq(accounts::version + 1), accounts::updated_at.eq(now));
            let changes = (
                name.map(|name| accounts::name.eq(name)),
                time_zone.map(|zone| accounts::time_zone.eq(zone)),
            );
            let query =
                diesel::update(row).set((changes, stamp, accounts::last_write.eq(last_write)));
            on!(connection, conn => query.returning(Account::as_returning()).get_result(conn).await)
        })
    });
    optional(written.await)
}

/// Notes a login, as long as the password is the one that was verified; the row stays locked until the transaction ends, so
/// that a change of the password either sees the session that comes of it or stops it.
pub(crate) async fn signed_in(
    connection: &mut Connection,
    id: AccountId,
    verified: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = accounts::table.find(id).filter(accounts::password_set_at.eq(verified));
    let query = Cached(diesel::update(row).set(accounts::last_login_at.eq(Some(now))));
    Ok(on!(connection, conn => query.execute(conn).await)? == 1)
}
