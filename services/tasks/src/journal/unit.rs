//! A unit of work on one scope: its row is locked, so nobody else writes there; what is read stays in memory, what is written
//! goes out at once at the end, together with its journal and its idempotency keys.
mod flush;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
};

use diesel::{OptionalExtension as _, prelude::*, sql_query};
use diesel_async::RunQueryDsl;
use kit_base::{Clock, Timestamp};
use kit_db::{Cached, Connection, Statement, among, sql::JsonText, together};

use super::{
    change::{Actor, Change, Operation},
    error,
    keys::{UsedKey, idempotency_keys},
    rows::Rows,
    stored::{Stored, Table, Wanted},
};
use crate::{
    Error,
    access::row::Scope,
    ids::{ObjectId, ScopeId, UserId},
};

/// See the module.
pub(crate) struct Unit {
    pub(crate) scope: Scope,
    pub(crate) now: Timestamp,
    pub(crate) clock: Clock,
    connection: Connection,
    tables: HashMap<TypeId, Box<dyn Table>>,
    changes: Vec<Change>,
    used: HashMap<(UserId, String), UsedKey>,
    fresh_keys: Vec<UsedKey>,
}

impl Unit {
    /// Locks the scope and reads what the writes at hand name: their keys, and the rows they are about.
    pub(crate) async fn begin(
        mut connection: Connection,
        clock: Clock,
        scope_id: ScopeId,
        keys: &[(UserId, String)],
        wanted: Vec<Wanted>,
    ) -> Result<Self, Error> {
        let begin = connection.begin_statement();
        let lock = format!(
            "SELECT id, sequence, inbox_id, created_at FROM scopes WHERE id = $1 AND erased_at IS NULL{}",
            connection.row_lock()
        );
        let scope = Cached(sql_query(lock).bind::<kit_db::sql::Uuid, _>(scope_id));
        let keys = keys.iter().map(|(user, key)| (*user, key.as_str()));
        let used = idempotency_keys::table
            .filter(idempotency_keys::scope_id.eq(scope_id))
            .filter(among((idempotency_keys::user_id, idempotency_keys::key), keys));
        let rows = Wanted::load(scope_id, wanted);
        let ((_, scope, used), tables) = together!(connection, conn =>
            begin.execute(conn).await,
            scope.get_result::<Scope>(conn).await.optional(),
            used.select(UsedKey::as_select()).load::<UsedKey>(conn).await;
            rows
        )?;
        let Some(scope) = scope else {
            connection.rollback().await;
            return Err(error::Error::Erased.into());
        };
        let used = used.into_iter().map(|used| ((used.user_id, used.key.clone()), used)).collect();
        Ok(Self {
            scope,
            now: clock.now(),
            clock,
            connection,
            tables: tables.into_iter().collect(),
            changes: vec![],
            used,
            fresh_keys: vec![],
        })
    }

    /// What was answered under a key before.
    pub(crate) fn used_key(&self, user: UserId, key: &str) -> Option<&UsedKey> {
        self.used.get(&(user, key.to_owned()))
    }

    /// Keeps an answer under its key.
    pub(crate) fn use_key(&mut self, used: UsedKey) {
        self.used.insert((used.user_id, used.key.clone()), used.clone());
        self.fresh_keys.push(used);
    }

    fn rows<R: Stored>(&mut self) -> &mut Rows<R> {
        let table =
            self.tables.entry(TypeId::of::<R>()).or_insert_with(|| Box::new(Rows::<R>::default()));
        let rows: &mut dyn Any = table.as_mut();
        rows.downcast_mut().expect("a table stands under the type of its rows")
    }

    /// Says that there is no row by this id, as of one that was made just now: nobody has to look.
    pub(crate) fn expect_none<R: Stored>(&mut self, id: impl Into<ObjectId>) {
        self.rows::<R>().cache([id.into()], vec![]);
    }

    /// The row, in the trash or not.
    pub(crate) async fn find<R: Stored>(
        &mut self,
        id: impl Into<ObjectId>,
    ) -> Result<Option<R>, Error> {
        let id = id.into();
        if let Some(known) = self.rows::<R>().cached(id) {
            return Ok(known.cloned());
        }
        let found = self.connection.send(vec![R::load(self.scope.id, vec![id])]).await?;
        self.rows::<R>().cache([id], found.into_iter().flatten().collect());
        Ok(self.rows::<R>().cached(id).flatten().cloned())
    }

    /// Runs a query on all that was written so far.
    pub(crate) async fn query<T>(&mut self, query: Statement<T>) -> Result<Option<T>, Error> {
        self.flush(vec![], vec![]).await?;
        Ok(self.connection.send(vec![query]).await?.pop())
    }

    /// Runs a query on all that was written so far, and keeps the rows that it finds.
    pub(crate) async fn load<R: Stored>(
        &mut self,
        query: Statement<Vec<R>>,
    ) -> Result<Vec<R>, Error> {
        let found = self.query(query).await?.unwrap_or_default();
        self.rows::<R>().cache([], found.clone());
        Ok(found)
    }

    /// Writes a row, and journals what differs: nothing at all where nothing does.
    pub(crate) async fn save<R: Stored>(
        &mut self,
        row: R,
        operation: Operation,
        actor: &Actor,
    ) -> Result<R, Error> {
        self.find::<R>(row.id()).await?;
        let now = self.now;
        let (row, changes) = self.rows::<R>().save(row, now);
        if let Some(changes) = changes {
            self.journal((R::TYPE, row.id(), row.version()), operation, changes, actor);
        }
        Ok(row)
    }

    /// Removes a row for good.
    pub(crate) fn purge<R: Stored>(&mut self, row: &R, actor: &Actor) {
        let nothing = JsonText("{}".to_owned());
        self.journal((R::TYPE, row.id(), row.version() + 1), Operation::Purge, nothing, actor);
        self.rows::<R>().remove(row.id());
    }

    /// The sequence number that the next change will have.
    pub(crate) fn next_sequence(&self) -> i64 {
        self.scope.sequence + 1
    }

    fn journal(
        &mut self,
        (object_type, object_id, object_version): (&'static str, ObjectId, i64),
        operation: Operation,
        changes: JsonText,
        actor: &Actor,
    ) {
        self.scope.sequence += 1;
        let Actor { user_id, session_id, request_id, trace_id } = actor.clone();
        self.changes.push(Change {
            scope_id: self.scope.id,
            sequence: self.scope.sequence,
            at: self.now,
            actor_id: user_id,
            session_id,
            request_id,
            trace_id,
            object_type: object_type.to_owned(),
            object_id,
            object_version,
            operation,
            changes,
        });
    }
}

#[cfg(test)]
mod tests;
