//! A unit of work on one scope: its row is locked, so nobody else writes there; what is read stays in memory, what is written
//! goes out at once at the end, together with its journal and its idempotency keys.
mod admit;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::Arc,
};

use diesel::{OptionalExtension as _, prelude::*, sql_query};
use diesel_async::RunQueryDsl;
use kit_base::{Clock, Timestamp};
use kit_db::{Cached, Connection, Statement, among, inserts, sql::JsonText, statement, together};

use super::{
    bounds::Bounds,
    change::{Actor, Change, Operation, journal},
    error,
    keys::{UsedKey, idempotency_keys},
    rows::{Rows, Tally, Told},
    stored::{Pending, Stored, Table, Wanted},
};
use crate::{
    Error,
    access::{
        row::{Scope, scopes},
        store::{SCOPE, counted},
        usage::Usage,
    },
    ids::{ObjectId, ScopeId, UserId},
};

/// A transaction on one scope whose row it has locked: what it read, and what it has still to write.
pub(crate) struct Unit {
    pub(crate) scope: Scope,
    pub(crate) now: Timestamp,
    pub(crate) clock: Clock,
    /// What the scope keeps with all that the unit has done.
    pub(crate) usage: Usage,
    pub(super) bounds: Arc<Bounds>,
    connection: Connection,
    tables: HashMap<TypeId, Box<dyn Table>>,
    changes: Vec<Change>,
    tallies: Vec<Tally>,
    used: HashMap<(UserId, String), UsedKey>,
    fresh_keys: Vec<UsedKey>,
    /// By queries: what one of its writes refused it may have looked at all the same.
    pub(super) rows_read: usize,
}

impl Unit {
    /// Locks the scope and reads what the writes at hand name: their keys, and the rows they are about.
    pub(crate) async fn begin(
        mut connection: Connection,
        clock: Clock,
        scope_id: ScopeId,
        keys: &[(UserId, &str)],
        wanted: Vec<Wanted>,
        bounds: Arc<Bounds>,
    ) -> Result<Self, Error> {
        let begin = connection.begin_statement();
        let lock = format!("{SCOPE} AND erased_at IS NULL{}", connection.row_lock());
        let scope = Cached(sql_query(lock).bind::<kit_db::sql::Uuid, _>(scope_id));
        let used = idempotency_keys::table.filter(idempotency_keys::scope_id.eq(scope_id)).filter(
            among((idempotency_keys::user_id, idempotency_keys::key), keys.iter().copied()),
        );
        let ((_, scope, used), tables) = together!(connection, conn =>
            begin.execute(conn).await,
            scope.get_result::<Scope>(conn).await.optional(),
            used.select(UsedKey::as_select()).load::<UsedKey>(conn).await;
            Wanted::load(scope_id, wanted)
        )?;
        let Some(scope) = scope else {
            connection.rollback().await;
            return Err(error::Error::Erased.into());
        };
        let usage = counted(&mut connection, &scope, bounds.kinds).await?;
        Ok(Self {
            scope,
            now: clock.now(),
            clock,
            usage,
            bounds,
            connection,
            tables: tables.into_iter().collect(),
            changes: vec![],
            tallies: vec![],
            used: used.into_iter().map(|used| ((used.user_id, used.key.clone()), used)).collect(),
            fresh_keys: vec![],
            rows_read: 0,
        })
    }

    /// What was answered under a key before.
    pub(crate) fn used_key(&self, user: UserId, key: &str) -> Option<&UsedKey> {
        self.used.get(&(user, key.to_owned()))
    }

    /// Keeps an answer under its key.
    pub(crate) fn use_key(&mut self, used: UsedKey) {
        self.usage.write(self.now, used.bytes());
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
        self.read::<R>(&[id]).await?;
        Ok(self.rows::<R>().cached(id).flatten().cloned())
    }

    /// Reads those of these rows that nobody has looked for yet.
    pub(crate) async fn read<R: Stored>(&mut self, ids: &[ObjectId]) -> Result<(), Error> {
        let rows = self.rows::<R>();
        let unknown = ids.iter().copied().filter(|id| rows.cached(*id).is_none());
        let unknown: Vec<_> = unknown.collect();
        if !unknown.is_empty() {
            let found = self.connection.send(vec![R::load(self.scope.id, unknown.clone())]).await?;
            self.rows::<R>().cache(unknown, found.into_iter().flatten().collect());
        }
        Ok(())
    }

    /// Writes what is pending and lets go of these rows: who touches thousands holds a few at a time. Who wants one later reads it again.
    pub(crate) async fn let_go<R: Stored>(&mut self, ids: &[ObjectId]) -> Result<(), Error> {
        self.flush(vec![], vec![]).await?;
        self.rows::<R>().forget(ids);
        Ok(())
    }

    /// Runs a query on all that was written so far.
    pub(crate) async fn query<T>(&mut self, query: Statement<Vec<T>>) -> Result<Vec<T>, Error> {
        self.flush(vec![], vec![]).await?;
        let rows = self.connection.send(vec![query]).await?.pop().unwrap_or_default();
        self.rows_read += rows.len();
        Ok(rows)
    }

    /// Writes a row, and journals what differs: nothing at all where nothing does.
    pub(crate) async fn save<R: Stored>(
        &mut self,
        row: R,
        operation: Operation,
        actor: &Actor,
    ) -> Result<R, Error> {
        self.read::<R>(&[row.id()]).await?;
        let before = self.rows::<R>().cached(row.id()).flatten().map(R::kept_bytes);
        let now = self.now;
        let (row, told) = self.rows::<R>().save(row, now);
        if let Some(Told { changes, tally }) = told {
            self.tallies.extend(tally);
            self.usage.replace(R::TYPE, before, Some(row.kept_bytes()));
            self.journal((R::TYPE, row.id(), row.version()), operation, changes, actor);
        }
        Ok(row)
    }

    /// Removes a row for good.
    pub(crate) fn purge<R: Stored>(&mut self, row: &R, actor: &Actor) {
        let nothing = JsonText("{}".to_owned());
        self.journal((R::TYPE, row.id(), row.version() + 1), Operation::Purge, nothing, actor);
        self.usage.replace(R::TYPE, Some(row.kept_bytes()), None);
        self.rows::<R>().remove(row);
    }

    /// How many rows it has in memory.
    #[cfg(test)]
    fn held<R: Stored>(&mut self) -> usize {
        self.rows::<R>().len()
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
        let change = Change {
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
            operation: operation.name().to_owned(),
            changes,
        };
        self.usage.write(self.now, change.bytes());
        self.changes.push(change);
    }

    /// Writes all that is pending, with its journal and its keys, and makes it durable.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let changes = std::mem::take(&mut self.changes);
        let keys = std::mem::take(&mut self.fresh_keys);
        self.flush(changes, keys).await?;
        self.connection.commit().await?;
        self.tallies.into_iter().for_each(|tally| tally());
        Ok(())
    }

    /// Gives up what is pending.
    pub(crate) async fn abandon(mut self) {
        self.connection.rollback().await;
    }

    /// Writes rows that are pending, so that a query sees them.
    async fn flush(&mut self, changes: Vec<Change>, keys: Vec<UsedKey>) -> Result<(), Error> {
        let scope = self.scope.id;
        let (mut clear, mut write) = (vec![], vec![]);
        for table in self.tables.values_mut() {
            let pending: Pending = table.pending(scope);
            clear.extend(pending.clear);
            write.extend(pending.write);
        }
        if !changes.is_empty() || !keys.is_empty() {
            self.usage.sequence = self.scope.sequence;
            let usage = self.usage.to_json();
            let reached = diesel::update(scopes::table.find(scope))
                .set((scopes::sequence.eq(self.scope.sequence), scopes::usage.eq(usage)));
            write.push(statement!(conn => Cached(reached).execute(conn).await.map(drop)));
        }
        write.extend(inserts!(journal::table => changes));
        write.extend(inserts!(idempotency_keys::table => keys));
        for statements in [clear, write] {
            if !statements.is_empty() {
                self.connection.send(statements).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
