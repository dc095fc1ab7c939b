//! Scopes and who may see them.
use diesel::{OptionalExtension as _, prelude::*};
use diesel_async::RunQueryDsl;
use kit_base::Clock;
use kit_db::{Db, on, read};

use super::row::{Scope, memberships, scopes};
use crate::{
    Error,
    ids::{ProjectId, ScopeId, UserId},
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
    let scope = Scope { id, sequence, inbox_id, created_at };
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
            on!(connection, conn => scope.execute(conn).await)?;
            on!(connection, conn => membership.execute(conn).await)?;
            Ok(id)
        })
    })
    .await
}

/// The last sequence number of each of these scopes.
pub(crate) async fn sequences(db: &Db, of: &[ScopeId]) -> Result<Vec<(ScopeId, i64)>, Error> {
    let rows = scopes::table.filter(scopes::id.eq_any(of)).select((scopes::id, scopes::sequence));
    Ok(read!(db, "scope.sequences", conn => rows.load(conn).await)?)
}
