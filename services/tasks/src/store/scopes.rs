//! Scopes and who may see them.
use diesel::{OptionalExtension as _, prelude::*};
use diesel_async::RunQueryDsl;
use kit::{Clock, Db, db::Connection, on, read};

use crate::{
    Error,
    domain::{
        ProjectId, ScopeId, UserId,
        event::{Actor, Event, changes},
        names::{ObjectType, Operation},
        project::Project,
        rank,
    },
    schema::{journal, memberships, projects, scopes},
};

/// A scope: its journal's last sequence number, and its Inbox.
#[derive(Clone, Debug, QueryableByName, Insertable)]
#[diesel(table_name = scopes)]
pub(crate) struct Scope {
    pub(crate) id: ScopeId,
    pub(crate) sequence: i64,
    pub(crate) inbox_id: ProjectId,
    pub(crate) created_at: kit::Timestamp,
}

/// The private scope of a user; none before the first request.
pub(crate) async fn of_user(db: &Db, user: UserId) -> Result<Option<ScopeId>, Error> {
    let membership = memberships::table.find((user, ScopeId(user.0))).select(memberships::scope_id);
    Ok(read!(db, "scope.of_user", conn => membership.first(conn).await.optional())?)
}

/// Makes a user's private scope, its membership and its Inbox, unless somebody else just did.
pub(crate) async fn create(db: &Db, clock: &Clock, actor: Actor) -> Result<ScopeId, Error> {
    let now = clock.now();
    let scope = Scope {
        id: ScopeId(actor.user_id.0),
        sequence: 1,
        inbox_id: ProjectId::new(clock),
        created_at: now,
    };
    let id = scope.id;
    let made = db
        .write("scope.create", move |connection| {
            Box::pin(async move {
                let insert =
                    diesel::insert_into(scopes::table).values(&scope).on_conflict_do_nothing();
                match on!(connection, conn => insert.execute(conn).await)? {
                    0 => Ok(()),
                    _ => furnish(connection, &scope, actor).await,
                }
            })
        })
        .await;
    made.map(|()| id)
}

async fn furnish(connection: &mut Connection, scope: &Scope, actor: Actor) -> Result<(), Error> {
    let Scope { id: scope_id, sequence, inbox_id, created_at: now } = *scope;
    let Actor { user_id, session_id, request_id, trace_id } = actor;
    let inbox = Project {
        scope_id,
        id: inbox_id,
        name: "Inbox".to_owned(),
        is_inbox: true,
        rank: rank::between(None, None),
        version: 1,
        created_at: now,
        created_by: user_id,
        updated_at: now,
        archived_at: None,
        trashed_at: None,
        trash_id: None,
    };
    let event = Event {
        scope_id,
        sequence,
        at: now,
        actor_id: user_id,
        session_id,
        request_id,
        trace_id,
        object_type: ObjectType::Project,
        object_id: inbox_id.into(),
        object_version: 1,
        operation: Operation::Create,
        changes: changes(None, inbox.visible()).expect("everything is new"),
    };
    let membership = (
        memberships::user_id.eq(user_id),
        memberships::scope_id.eq(scope_id),
        memberships::role.eq("owner"),
    );
    on!(connection, conn => diesel::insert_into(memberships::table).values(membership).execute(conn).await)?;
    on!(connection, conn => diesel::insert_into(projects::table).values(&inbox).execute(conn).await)?;
    on!(connection, conn => diesel::insert_into(journal::table).values(&event).execute(conn).await)?;
    Ok(())
}

/// The last sequence number of each of these scopes.
pub(crate) async fn sequences(db: &Db, of: &[ScopeId]) -> Result<Vec<(ScopeId, i64)>, Error> {
    let rows = scopes::table.filter(scopes::id.eq_any(of)).select((scopes::id, scopes::sequence));
    Ok(read!(db, "scope.sequences", conn => rows.load(conn).await)?)
}
