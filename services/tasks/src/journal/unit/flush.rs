use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_db::{Cached, inserts, statement};

use super::Unit;
use crate::{
    Error,
    access::row::scopes,
    journal::{
        change::{Change, journal},
        keys::{UsedKey, idempotency_keys},
        stored::Pending,
    },
};

impl Unit {
    /// Writes all that is pending, with its journal and its keys, and makes it durable.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let changes = std::mem::take(&mut self.changes);
        let keys = std::mem::take(&mut self.fresh_keys);
        self.flush(changes, keys).await?;
        Ok(self.connection.commit().await?)
    }

    /// Gives up what is pending.
    pub(crate) async fn abandon(mut self) {
        self.connection.rollback().await;
    }

    /// Writes rows that are pending, so that a query sees them.
    pub(super) async fn flush(
        &mut self,
        changes: Vec<Change>,
        keys: Vec<UsedKey>,
    ) -> Result<(), Error> {
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
