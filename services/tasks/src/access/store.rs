//! Scopes and who may see them.
use std::collections::HashMap;

use diesel::{OptionalExtension as _, prelude::*, sql_query};
use diesel_async::RunQueryDsl;
use kit_base::{Clock, Timestamp};
use kit_db::{Connection, Db, on, read};

use super::{
    row::{Scope, memberships, scopes},
    usage::Usage,
};
use crate::{
    Error,
    ids::{ProjectId, ScopeId, UserId},
    journal::stored::{Kind, Tables},
};

/// The private scope of a user, once it has all that it begins with.
pub(crate) async fn private_scope(db: &Db, user: UserId) -> Result<Option<ScopeId>, Error> {
    let membership = memberships::table.inner_join(scopes::table);
    let membership = membership.filter(memberships::user_id.eq(user));
    let membership = membership.filter(memberships::scope_id.eq(ScopeId(user.0)));
    let membership = membership.filter(scopes::sequence.gt(0)).select(memberships::scope_id);
    Ok(read!(db, "scope.private", conn => membership.first(conn).await.optional())?)
}

/// Makes a user's private scope and its membership, unless somebody else just did.
pub(crate) async fn create(db: &Db, clock: &Clock, user: UserId) -> Result<ScopeId, Error> {
    let id = ScopeId(user.0);
    let (sequence, inbox_id, created_at) = (0, ProjectId::new(clock), clock.now());
    let scope = Scope { id, sequence, inbox_id, created_at, usage: None };
    db.write("scope.create", move |connection| {
        Box::pin(async move {
            let membership = (
                memberships::user_id.eq(user),
                memberships::scope_id.eq(id),
                memberships::role.eq("owner"),
            );
            let scope = diesel::insert_into(scopes::table).values(&scope).on_conflict_do_nothing();
            let membership =
                diesel::insert_into(memberships::table).values(membership).on_conflict_do_nothing();
            // Whoever made the scope made the membership, and whoever erased it took that away.
            if on!(connection, conn => scope.execute(conn).await)? > 0 {
                on!(connection, conn => membership.execute(conn).await)?;
            }
            Ok(id)
        })
    })
    .await
}

/// What a scope keeps. Where that is behind it is counted anew, once.
pub(crate) async fn usage(db: &Db, scope: ScopeId, kinds: &'static [Kind]) -> Result<Usage, Error> {
    let found: Option<Scope> = read!(db, "scope.usage", conn => {
        scopes::table.find(scope).select(Scope::as_select()).first(conn).await.optional()
    })?;
    match found.map(|scope| scope.usage()) {
        Some((usage, true)) => Ok(usage),
        Some((_, false)) | None => count(db, scope, kinds).await,
    }
}

/// Reads a scope by its id, `$1`; a lock may follow.
pub(crate) const SCOPE: &str =
    "SELECT id, sequence, inbox_id, created_at, usage FROM scopes WHERE id = $1";

async fn count(db: &Db, scope: ScopeId, kinds: &'static [Kind]) -> Result<Usage, Error> {
    db.write("scope.count", move |connection| {
        Box::pin(async move {
            let lock = connection.row_lock();
            let query = sql_query(format!("{SCOPE}{lock}")).bind::<kit_db::sql::Uuid, _>(scope);
            let found: Option<Scope> =
                on!(connection, conn => query.get_result(conn).await.optional())?;
            let Some(found) = found else { return Ok(Usage::default()) };
            let (usage, is_current) = found.usage();
            if is_current {
                return Ok(usage);
            }
            let usage = counted(connection, &found, kinds).await?;
            let kept =
                diesel::update(scopes::table.find(scope)).set(scopes::usage.eq(usage.to_json()));
            on!(connection, conn => kept.execute(conn).await)?;
            Ok(usage)
        })
    })
    .await
}

/// What the scope that is locked keeps, counted anew where a release that does not count has written since.
pub(crate) async fn counted(
    connection: &mut Connection,
    scope: &Scope,
    kinds: &[Kind],
) -> Result<Usage, Error> {
    let (mut usage, is_current) = scope.usage();
    if !is_current {
        let counts = kinds.iter().map(|kind| (kind.count)(scope.id)).collect();
        let counts = connection.send(counts).await?;
        usage.recount(kinds.iter().map(|kind| kind.object_type).zip(counts));
        usage.sequence = scope.sequence;
    }
    Ok(usage)
}

/// What a scope holds beside the rows of resources.
pub(crate) const HELD: Tables = &[("journal", "sequence"), ("idempotency_keys", "user_id, key")];

/// Rows that are erased in one transaction, so that its locks are short.
const MOST: usize = 500;

/// Marks the private scope of a user as erased, and takes it from everyone who may see it. From here on no unit of work begins there.
/// The sequence goes on without a change, so that who watches wakes up and finds the gap.
pub(crate) async fn mark_erased(db: &Db, clock: &Clock, user: UserId) -> Result<ScopeId, Error> {
    let (id, now) = (ScopeId(user.0), clock.now());
    db.write("scope.mark_erased", move |connection| {
        Box::pin(async move {
            let inbox_id = ProjectId(uuid::Uuid::nil());
            let scope = Scope { id, sequence: 1, inbox_id, created_at: now, usage: None };
            let mark = || scopes::erased_at.eq(Some(now));
            let query = diesel::insert_into(scopes::table).values((&scope, mark()));
            let query = query.on_conflict(scopes::id).do_update();
            let query = query.set((scopes::sequence.eq(scopes::sequence + 1), mark()));
            on!(connection, conn => query.execute(conn).await)?;
            let gone = diesel::delete(memberships::table.filter(memberships::scope_id.eq(id)));
            on!(connection, conn => gone.execute(conn).await)?;
            Ok(id)
        })
    })
    .await
}

/// Erases some rows of a table that belong to a scope; how many.
pub(crate) async fn erase_some(
    db: &Db,
    scope: ScopeId,
    (table, key): &(&str, &str),
) -> Result<usize, Error> {
    let some = format!("SELECT scope_id, {key} FROM {table} WHERE scope_id = $1 LIMIT {MOST}");
    let query = sql_query(format!("DELETE FROM {table} WHERE (scope_id, {key}) IN ({some})"));
    let query = query.bind::<kit_db::sql::Uuid, _>(scope);
    db.write("scope.erase", move |connection| {
        Box::pin(async move { Ok(on!(connection, conn => query.execute(conn).await)?) })
    })
    .await
}

/// Of users whose accounts were deleted, those whose scopes are not marked yet. Where there is none, one that was deleted after
/// `recently` may yet make it.
pub(crate) async fn to_erase(
    db: &Db,
    deleted: Vec<(UserId, Timestamp)>,
    recently: Timestamp,
) -> Result<Vec<UserId>, Error> {
    let ids = deleted.iter().map(|(user, _)| ScopeId(user.0));
    let rows = scopes::table.filter(scopes::id.eq_any(ids.collect::<Vec<_>>()));
    let rows = rows.select((scopes::id, scopes::erased_at));
    let found: Vec<(ScopeId, Option<Timestamp>)> =
        read!(db, "scope.deleted", conn => rows.load(conn).await)?;
    let found: HashMap<_, _> = found.into_iter().collect();
    let is_due = |(user, at): &(UserId, Timestamp)| match found.get(&ScopeId(user.0)) {
        Some(erased_at) => erased_at.is_none(),
        None => *at > recently,
    };
    Ok(deleted.into_iter().filter(is_due).map(|(user, _)| user).collect())
}

/// Some of the scopes that were marked as erased before a moment.
pub(crate) async fn erased_before(db: &Db, before: Timestamp) -> Result<Vec<ScopeId>, Error> {
    let rows = scopes::table.filter(scopes::erased_at.lt(before)).select(scopes::id).limit(1_000);
    Ok(read!(db, "scope.erased", conn => rows.load(conn).await)?)
}

/// Forgets that a scope was erased.
pub(crate) async fn forget(db: &Db, scope: ScopeId) -> Result<(), Error> {
    let mark = scopes::table.find(scope).filter(scopes::erased_at.is_not_null());
    db.write("scope.forget", move |connection| {
        Box::pin(async move {
            on!(connection, conn => diesel::delete(mark).execute(conn).await)?;
            Ok(())
        })
    })
    .await
}

/// The last sequence number of each of these scopes.
pub(crate) async fn sequences(db: &Db, of: &[ScopeId]) -> Result<Vec<(ScopeId, i64)>, Error> {
    let rows = scopes::table.filter(scopes::id.eq_any(of)).select((scopes::id, scopes::sequence));
    Ok(read!(db, "scope.sequences", conn => rows.load(conn).await)?)
}

#[cfg(test)]
mod tests {
    use kit_db::testing::Backend;
    use uuid::Uuid;

    use super::*;
    use crate::{migrations::tests::Store, projects};

    kit_db::on_each_backend!(
        a_scope_is_nobodys_until_it_has_its_inbox,
        who_makes_a_scope_again_changes_nothing_about_it,
        a_membership_of_another_scope_is_no_private_one,
        the_numbers_of_scopes_are_those_of_what_was_asked_for,
    );

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    /// The one user that the store begins with.
    const FIRST: u128 = 7;

    async fn a_scope_is_nobodys_until_it_has_its_inbox(backend: Backend) {
        let mut store = Store::new(backend).await;
        assert_eq!(private_scope(&store.db, user(9)).await.unwrap(), None);
        // Whoever made it ends here, as a process that dies would.
        store.scope = create(&store.db, &store.clock, user(9)).await.unwrap();
        assert_eq!(private_scope(&store.db, user(9)).await.unwrap(), None);
        store.carries_out(projects::write::Write::CreateInbox).await.unwrap();
        assert_eq!(private_scope(&store.db, user(9)).await.unwrap(), Some(store.scope));
        let own = private_scope(&store.db, user(FIRST)).await.unwrap();
        assert!(own.is_some_and(|own| own != store.scope), "each has one of their own");
    }

    async fn who_makes_a_scope_again_changes_nothing_about_it(backend: Backend) {
        let store = Store::new(backend).await;
        let inbox = async || {
            let projects = projects::store::list(&store.db, store.scope, None, None, 9).await;
            projects.unwrap().into_iter().map(|project| project.id).collect::<Vec<_>>()
        };
        let (first, before) = (inbox().await, sequences(&store.db, &[store.scope]).await.unwrap());
        for _ in 0..2 {
            let again = create(&store.db, &store.clock, user(FIRST)).await.unwrap();
            assert_eq!(again, store.scope);
            store.carries_out(projects::write::Write::CreateInbox).await.unwrap();
            assert_eq!((inbox().await, first.len()), (first.clone(), 1));
        }
        assert_eq!(sequences(&store.db, &[store.scope]).await.unwrap(), before);
        assert_eq!(before, [(store.scope, 1)]);
    }

    async fn a_membership_of_another_scope_is_no_private_one(backend: Backend) {
        let store = Store::new(backend).await;
        create(&store.db, &store.clock, user(9)).await.unwrap();
        // The second user becomes a member of the first one's scope, and loses their own.
        store
            .runs("UPDATE memberships SET scope_id = (SELECT id FROM scopes WHERE sequence > 0)")
            .await;
        assert_eq!(private_scope(&store.db, user(9)).await.unwrap(), None);
        assert_eq!(private_scope(&store.db, user(FIRST)).await.unwrap(), Some(store.scope));
    }

    async fn the_numbers_of_scopes_are_those_of_what_was_asked_for(backend: Backend) {
        let store = Store::new(backend).await;
        let other = create(&store.db, &store.clock, user(9)).await.unwrap();
        for name in ["a", "b"] {
            let write = projects::write::Write::Create { id: None, name: name.to_owned() };
            store.carries_out(write).await.unwrap();
        }
        let unknown = ScopeId(Uuid::from_u128(99));
        for (asked, expected) in [
            (vec![], vec![]),
            (vec![unknown], vec![]),
            (vec![store.scope], vec![(store.scope, 3)]),
            (vec![other, unknown, store.scope], vec![(store.scope, 3), (other, 0)]),
        ] {
            let mut found = sequences(&store.db, &asked).await.unwrap();
            found.sort();
            assert_eq!(found, expected, "{asked:?}");
        }
    }
}
