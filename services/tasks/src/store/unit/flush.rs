use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit::{db::Cached, for_each, insert_all, on};

use super::{Known, Unit};
use crate::{
    Error,
    domain::{ObjectId, ScopeId, TaskId, event::Event, task::Task},
    schema::{idempotency_keys, journal, projects, scopes, task_labels, tasks},
    store::keys::UsedKey,
};

/// A label by which a task is found.
#[derive(Insertable)]
#[diesel(table_name = task_labels)]
struct LabelRow {
    scope_id: ScopeId,
    label: String,
    task_id: TaskId,
}

/// Rows that differ from what the database has.
struct Pending<T> {
    fresh: Vec<T>,
    changed: Vec<T>,
}

impl Unit {
    /// Writes all that is pending, with its journal and its keys, and makes it durable.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let events = std::mem::take(&mut self.events);
        let keys = std::mem::take(&mut self.fresh_keys);
        self.write(&events, &keys).await?;
        Ok(self.connection.commit().await?)
    }

    /// Gives up what is pending.
    pub(crate) async fn abandon(mut self) {
        self.connection.rollback().await;
    }

    /// Writes rows that are pending, so that a query sees them.
    pub(crate) async fn write_rows(&mut self) -> Result<(), Error> {
        self.write(&[], &[]).await
    }

    async fn write(&mut self, events: &[Event], keys: &[UsedKey]) -> Result<(), Error> {
        let labels = self.pending_labels();
        let relabelled: Vec<TaskId> =
            self.tasks.iter().filter(|(_, known)| relabelled(known)).map(|(id, _)| *id).collect();
        let (tasks, projects) = (pending(&mut self.tasks), pending(&mut self.projects));
        let purged = std::mem::take(&mut self.purged);
        if !purged.is_empty() {
            self.delete(&purged).await?;
        }
        let scope = self.scope.id;
        let reached =
            diesel::update(scopes::table.find(scope)).set(scopes::sequence.eq(self.scope.sequence));
        let reached = (!events.is_empty()).then_some(&reached);
        for_each!(self.connection, conn =>
            reached in reached.into_iter() => Cached(reached).execute(conn).await;
            row in &projects.changed => Cached(diesel::update(projects::table.find((scope, row.id))).set(row)).execute(conn).await;
            row in &tasks.changed => Cached(diesel::update(tasks::table.find((scope, row.id))).set(row)).execute(conn).await;
            id in relabelled => {
                let old = task_labels::table.filter(task_labels::scope_id.eq(scope).and(task_labels::task_id.eq(id)));
                diesel::delete(old).execute(conn).await
            };
        )?;
        insert_all!(self.connection,
            projects::table => &projects.fresh,
            tasks::table => &tasks.fresh,
            task_labels::table => &labels,
            journal::table => events,
            idempotency_keys::table => keys,
        )?;
        Ok(())
    }

    fn pending_labels(&self) -> Vec<LabelRow> {
        let changed =
            self.tasks.values().filter(|known| relabelled(known) || known.stored.is_none());
        let rows = changed.filter_map(|known| known.row.as_ref()).flat_map(|row| {
            let (scope_id, task_id) = (row.scope_id, row.id);
            row.labels.folded().into_iter().map(move |label| LabelRow { scope_id, label, task_id })
        });
        rows.collect()
    }

    async fn delete(&mut self, purged: &[ObjectId]) -> Result<(), Error> {
        let scope = self.scope.id;
        let labels = task_labels::table
            .filter(task_labels::scope_id.eq(scope).and(task_labels::task_id.eq_any(purged)));
        let tasks = tasks::table.filter(tasks::scope_id.eq(scope).and(tasks::id.eq_any(purged)));
        let projects =
            projects::table.filter(projects::scope_id.eq(scope).and(projects::id.eq_any(purged)));
        on!(self.connection, conn => diesel::delete(labels).execute(conn).await)?;
        on!(self.connection, conn => diesel::delete(tasks).execute(conn).await)?;
        on!(self.connection, conn => diesel::delete(projects).execute(conn).await)?;
        Ok(())
    }
}

/// Whether a task that is in the database got other labels.
fn relabelled(known: &Known<Task>) -> bool {
    matches!((&known.stored, &known.row), (Some(stored), Some(row)) if stored.labels != row.labels)
}

/// Takes what differs, and counts it as written.
fn pending<K, T: Clone + PartialEq>(
    known: &mut std::collections::HashMap<K, Known<T>>,
) -> Pending<T> {
    let mut pending = Pending { fresh: vec![], changed: vec![] };
    for known in known.values_mut() {
        match (&known.stored, &known.row) {
            (None, Some(row)) => pending.fresh.push(row.clone()),
            (Some(stored), Some(row)) if stored != row => pending.changed.push(row.clone()),
            _ => continue,
        }
        known.stored.clone_from(&known.row);
    }
    pending
}
