//! Who registers, and what users change about themselves.
use kit_db::{Connection, Db};
use proto::auth::v1::{UpdateMeRequest, User};

use super::{
    error::Error as AccountError,
    row::Account,
    rules::{self, Changes, Registration, address::Address},
    store,
};
use crate::{
    authority::Authority,
    error::Error,
    idempotency::{
        self,
        error::Error as KeyError,
        rules::{Done, Key},
    },
    ids::AccountId,
    passwords, refresh, sessions,
    throttle::{
        rules::Subject,
        store::{Counter, settle},
    },
    trust,
};

/// Opens an account.
pub(super) async fn register(
    authority: &Authority,
    registration: Registration,
    key: Option<Key>,
) -> Result<Done<User>, Error> {
    let Registration { email, password, name, time_zone } = registration;
    if let Some(known) = store::find_by_email(&authority.db, &email).await? {
        return registered_before(&authority.db, known.id, key.as_ref()).await;
    }
    let password_hash = authority.hasher.hash(&password).await?;
    let now = authority.clock.now();
    let account = Account {
        id: AccountId::new(&authority.clock),
        email: email.shown.clone(),
        name,
        time_zone,
        password_hash,
        password_set_at: now,
        version: 1,
        created_at: now,
        updated_at: now,
        last_login_at: None,
    };
    match open(&authority.db, account.clone(), email.key.clone(), key.clone()).await {
        Ok(done) => {
            tracing::info!(target: "audit", { account.id = %account.id }, "an account was opened");
            Ok(done)
        }
        Err(Error::Account(AccountError::EmailTaken)) => {
            let known = store::find_by_email(&authority.db, &email).await?;
            let known = known.ok_or(AccountError::EmailTaken)?;
            registered_before(&authority.db, known.id, key.as_ref()).await
        }
        Err(error) => Err(error),
    }
}

async fn open(
    db: &Db,
    account: Account,
    address: String,
    key: Option<Key>,
) -> Result<Done<User>, Error> {
    db.write("account.create", move |connection| {
        Box::pin(async move {
            store::insert(connection, &account).await?;
            store::hold_address(connection, account.id, &address).await?;
            let (id, now) = (account.id, account.created_at);
            idempotency::store::remember_used(connection, id, key, User::from(account), now).await
        })
    })
    .await
}

/// Notes whose addresses they are that a release before stored, which notes none. Where an address is another account's by now,
/// both are found by the spelling that each was opened with.
pub(crate) async fn note_addresses(db: &Db) -> Result<(), Error> {
    let (mut after, mut failed) = (AccountId(uuid::Uuid::nil()), None);
    loop {
        let accounts = store::without_address(db, after, AT_ONCE).await?;
        let Some((last, _)) = accounts.last() else { return failed.map_or(Ok(()), Err) };
        after = *last;
        for (id, email) in accounts {
            let held = db.write("account.address", move |connection| {
                Box::pin(async move {
                    store::lock(connection, id).await?;
                    store::hold_address(connection, id, &Address::from_text(&email).key).await
                })
            });
            match held.await {
                Ok(())
                // Deleted since it was read: its address is free.
                | Err(Error::Account(AccountError::EmailTaken | AccountError::NotFound)) => {}
                // It keeps none of the others; it is tried again in the next pass.
                Err(error) => failed = Some(error),
            }
        }
    }
}

/// Accounts that are looked at in one go.
const AT_ONCE: i64 = 500;

/// What was answered, when this is the same request again whose answer was lost; else its address is taken. The key alone proves
/// nothing, since a client may choose it.
async fn registered_before(db: &Db, id: AccountId, key: Option<&Key>) -> Result<Done<User>, Error> {
    match idempotency::store::find_used(db, id, key).await {
        Ok(Some(done)) => Ok(done),
        Ok(None) | Err(Error::Idempotency(KeyError::Reused)) => {
            Err(AccountError::EmailTaken.into())
        }
        Err(error) => Err(error),
    }
}

/// Changes what users say about themselves. What changes nothing makes no new version.
pub(super) async fn update(
    authority: &Authority,
    id: AccountId,
    request: UpdateMeRequest,
    key: Option<Key>,
) -> Result<Done<User>, Error> {
    let _turn = authority.writes.begin(id).await;
    let now = authority.clock.now();
    let write = authority.db.write("account.update", move |connection| {
        Box::pin(async move {
            let account = store::lock(connection, id).await?;
            if let Some(done) = idempotency::store::find(connection, id, key.as_ref()).await? {
                return Ok(done);
            }
            let mut changed = changed(&account, request)?;
            if changed != account {
                (changed.version, changed.updated_at) = (account.version + 1, now);
                store::replace(connection, &changed).await?;
            }
            idempotency::store::remember_used(connection, id, key, User::from(changed), now).await
        })
    });
    write.await
}

/// Deletes an account whose password was verified, with all that is kept of it but the key of the deletion, and tells everyone that its
/// sessions have ended.
pub(super) async fn delete(
    authority: &Authority,
    verified: Account,
    key: Option<Key>,
) -> Result<Done<()>, Error> {
    let (id, now) = (verified.id, authority.clock.now());
    let address = Address::from_text(&verified.email).key;
    let subjects = [Subject::Account(address), Subject::Change(id.to_string())];
    let counters = subjects.map(|subject| Counter::new(subject, &authority.secrets.attempts));
    let _turn = authority.writes.begin(id).await;
    forget_used_tokens(&authority.db, &verified).await?;
    let deletion = authority.db.write("account.delete", move |connection| {
        Box::pin(async move {
            lock_verified(connection, &verified).await?;
            if let Some(done) = idempotency::store::find(connection, id, key.as_ref()).await? {
                return Ok::<_, Error>((vec![], done));
            }
            let ended = sessions::store::all(connection, id).await?;
            trust::store::add(connection, &ended, now).await?;
            idempotency::store::forget(connection, id).await?;
            refresh::store::forget(connection, id).await?;
            settle(connection, &counters).await?;
            store::delete(connection, id, now).await?;
            Ok((ended, idempotency::store::remember_used(connection, id, key, (), now).await?))
        })
    });
    let (ended, done) = deletion.await?;
    authority.revoke(&ended, now);
    tracing::info!(target: "audit", { account.id = %id, sessions.ended = ended.len() }, "an account was deleted");
    Ok(done)
}

/// Locks an account as long as its password is the one that was verified.
async fn lock_verified(connection: &mut Connection, verified: &Account) -> Result<(), Error> {
    let account = store::lock(connection, verified.id).await?;
    if account.password_set_at != verified.password_set_at {
        return Err(Error::Invalid(vec![passwords::write::incorrect("password")]));
    }
    Ok(())
}

/// Removes the used tokens of an account by and by: they may be too many for the transaction that deletes it. Until it is deleted, its
/// sessions go on with those that are left.
async fn forget_used_tokens(db: &Db, verified: &Account) -> Result<(), Error> {
    loop {
        let verified = verified.clone();
        let removal = db.write("token.forget", move |connection| {
            Box::pin(async move {
                lock_verified(connection, &verified).await?;
                refresh::store::forget_used(connection, verified.id).await
            })
        });
        if removal.await? {
            return Ok(());
        }
    }
}

/// Why users may not change this about themselves; no more is done.
pub(super) async fn validate(db: &Db, id: AccountId, request: UpdateMeRequest) -> Error {
    let account = store::find(db, id).await;
    match account.and_then(|account| changed(&account, request)) {
        Ok(_) => Error::Invalid(vec![]),
        Err(error) => error,
    }
}

/// The account as the request wants it.
fn changed(account: &Account, request: UpdateMeRequest) -> Result<Account, Error> {
    let UpdateMeRequest { update_mask, name, time_zone, if_version } = request;
    let paths = update_mask.unwrap_or_default().paths;
    let changes = rules::changes(&paths, name.as_deref(), time_zone.as_deref(), &account.email);
    let Changes { name, time_zone } = changes.map_err(Error::Invalid)?;
    if if_version.is_some_and(|version| version != account.version) {
        return Err(AccountError::VersionMismatch { at: account.version }.into());
    }
    let mut changed = account.clone();
    if let Some(name) = name {
        changed.name = name;
    }
    if let Some(time_zone) = time_zone {
        changed.time_zone = time_zone;
    }
    Ok(changed)
}
