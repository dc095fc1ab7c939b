use diesel::{dsl, prelude::*, sql_query, sql_types::Bool};
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{
    self as db, Cached, Connection, Db, housekeeping::Sweep, on, read, search, sql, together,
};

use super::{
    error::Error as AccountError,
    row::{Account, accounts, addresses, deletions},
    rules::address::Address,
};
use crate::{error::Error, ids::AccountId, store::optional};

/// The account with this id.
pub(crate) async fn find(db: &Db, id: AccountId) -> Result<Account, Error> {
    let query = accounts::table.find(id);
    let found =
        read!(db, "account.get", conn => query.select(Account::as_select()).first(conn).await);
    optional(found)?.ok_or(AccountError::NotFound.into())
}

/// The account with this e-mail address, however it is written. A release before compared less and notes no address, so there may be
/// more than one: the one that was opened with this spelling, or else the one whose address it is noted to be.
pub(crate) async fn find_by_email(db: &Db, address: &Address) -> Result<Option<Account>, Error> {
    let Address { shown, key } = address;
    let holder = addresses::table.filter(addresses::key.eq(key)).select(addresses::account_id);
    let spelled = accounts::email.eq(shown).or(accounts::email.eq(key));
    // One value and no list: PostgreSQL looks for a list in every row.
    let held = accounts::id.nullable().eq(holder.single_value());
    let query = accounts::table.filter(spelled.nullable().or(held)).limit(3);
    let found =
        read!(db, "account.find", conn => query.select(Account::as_select()).load(conn).await)?;
    Ok(found.into_iter().max_by_key(|it: &Account| (it.email == *shown, it.email != *key)))
}

/// Accounts behind `after` in the order of their ids whose address is not noted and is more than ASCII: the key of another is the
/// address itself.
pub(super) async fn without_address(
    db: &Db,
    after: AccountId,
    limit: i64,
) -> Result<Vec<(AccountId, String)>, Error> {
    let noted = addresses::table.filter(addresses::account_id.eq(accounts::id));
    let query = accounts::table
        .filter(accounts::id.gt(after))
        .filter(dsl::sql::<Bool>("octet_length(email) > length(email)"))
        .filter(dsl::not(dsl::exists(noted)))
        .order(accounts::id)
        .limit(limit);
    Ok(search!(db, "account.unnoted", conn => {
        query.select((accounts::id, accounts::email)).load(conn).await
    })?)
}

/// The account with this id, which nobody else changes until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: AccountId) -> Result<Account, Error> {
    let lock = format!("SELECT id FROM accounts WHERE id = $1{}", connection.row_lock());
    let lock = Cached(sql_query(lock).bind::<sql::Uuid, _>(id));
    // Two statements, since what waited for the lock still has the row as it was before.
    let query = accounts::table.find(id);
    let (_, found) = together!(connection, conn =>
        lock.load::<Locked>(conn).await,
        query.select(Account::as_select()).load::<Account>(conn).await,
    )?;
    found.into_iter().next().ok_or(AccountError::NotFound.into())
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = sql::Uuid)]
    #[expect(dead_code, reason = "a row is read to be locked")]
    id: AccountId,
}

/// Adds an account; EMAIL_TAKEN when there is one with its address in this spelling.
pub(super) async fn insert(connection: &mut Connection, account: &Account) -> Result<(), Error> {
    let query = diesel::insert_into(accounts::table).values(account);
    on!(connection, conn => query.execute(conn).await).map(drop).map_err(address_in_use)
}

/// Notes whose address it is; EMAIL_TAKEN when it is another account's.
pub(super) async fn hold_address(
    connection: &mut Connection,
    id: AccountId,
    key: &str,
) -> Result<(), Error> {
    let row = (addresses::key.eq(key), addresses::account_id.eq(id));
    let query = diesel::insert_into(addresses::table).values(row);
    on!(connection, conn => query.execute(conn).await).map(drop).map_err(address_in_use)
}

fn address_in_use(error: db::Error) -> Error {
    match error {
        db::Error::Taken(_) => AccountError::EmailTaken.into(),
        error => error.into(),
    }
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

/// Removes an account and what its address was noted as, and by its references its sessions with their tokens; notes that it is gone.
pub(super) async fn delete(
    connection: &mut Connection,
    id: AccountId,
    now: Timestamp,
) -> Result<(), Error> {
    let address = diesel::delete(addresses::table.filter(addresses::account_id.eq(id)));
    let account = diesel::delete(accounts::table.find(id));
    let row = (deletions::account_id.eq(id), deletions::deleted_at.eq(now));
    let deletion = diesel::insert_into(deletions::table).values(row);
    together!(connection, conn =>
        address.execute(conn).await, account.execute(conn).await, deletion.execute(conn).await
    )?;
    Ok(())
}

/// Deletions are forgotten by when they were.
pub(crate) const SWEEP: Sweep = Sweep::by_age("deletions", "account_id", "deleted_at");

/// The accounts that were deleted since a moment, in the order in which they were, behind the last of a page.
pub(crate) async fn deleted(
    db: &Db,
    since: Timestamp,
    (at, id): (Timestamp, AccountId),
    limit: i64,
) -> Result<Vec<(AccountId, Timestamp)>, Error> {
    let behind = deletions::deleted_at.gt(at).or(deletions::account_id.gt(id));
    let query = deletions::table
        .filter(deletions::deleted_at.ge(since.max(at)))
        .filter(behind)
        .order((deletions::deleted_at, deletions::account_id))
        .limit(limit);
    Ok(read!(db, "account.deleted", conn => query.load(conn).await)?)
}

/// Puts the account in the place of what is stored of it.
pub(super) async fn replace(connection: &mut Connection, account: &Account) -> Result<(), Error> {
    let query = Cached(diesel::update(accounts::table.find(account.id)).set(account));
    on!(connection, conn => query.execute(conn).await)?;
    Ok(())
}
