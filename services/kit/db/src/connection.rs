//! An exclusive connection and its transaction.
use diesel::{query_builder::SqlQuery, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};

use super::{Cached, Error, Lite};
use crate::{on, pool::Pooled};

/// An exclusive connection. One that is dropped inside a transaction, or a search, leaves the pool and is closed: the server looks
/// ten times a second whether its client is still there, and gives up what it does for one that is not.
pub struct Connection {
    held: Option<Held>,
    unsettled: bool,
}

enum Held {
    Postgres(Box<Pooled<AsyncPgConnection>>),
    Sqlite(Box<Pooled<Lite>>),
}

/// What [`on!`](crate::on!) and its like run a query on.
pub enum Backend<'c> {
    /// A shared reference: statements on it are pipelined.
    Postgres(&'c AsyncPgConnection),
    /// One statement at a time.
    Sqlite(&'c mut Lite),
}

impl Connection {
    pub(super) fn postgres(connection: Pooled<AsyncPgConnection>) -> Self {
        Self { held: Some(Held::Postgres(Box::new(connection))), unsettled: false }
    }

    pub(super) fn sqlite(connection: Pooled<Lite>) -> Self {
        Self { held: Some(Held::Sqlite(Box::new(connection))), unsettled: false }
    }

    /// The same for one query, of which nobody knows how long it takes: see [`search!`](crate::search!).
    pub(super) fn searching(self) -> Self {
        let mut searching = self;
        searching.unsettled = true;
        searching
    }

    /// The query has answered.
    pub fn settle(&mut self) {
        self.unsettled = false;
    }

    /// For the query macros.
    pub fn backend(&mut self) -> Backend<'_> {
        match self.held.as_mut().expect("held until dropped") {
            Held::Postgres(connection) => Backend::Postgres(connection),
            Held::Sqlite(connection) => Backend::Sqlite(connection),
        }
    }

    /// What begins a transaction, on SQLite as its writer: to be sent [`together!`](crate::together!) with its first queries.
    pub fn begin_statement(&mut self) -> Cached<SqlQuery> {
        self.unsettled = true;
        Cached(sql_query(match self.backend() {
            Backend::Postgres(_) => "BEGIN",
            Backend::Sqlite(_) => "BEGIN IMMEDIATE",
        }))
    }

    /// What a raw query ends in to lock the rows it reads: nothing on SQLite, whose writer is alone anyway.
    pub fn row_lock(&mut self) -> &'static str {
        match self.backend() {
            Backend::Postgres(_) => " FOR UPDATE",
            Backend::Sqlite(_) => "",
        }
    }

    /// The same, and passes over rows that someone else has locked.
    pub fn free_row_lock(&mut self) -> &'static str {
        match self.backend() {
            Backend::Postgres(_) => " FOR UPDATE SKIP LOCKED",
            Backend::Sqlite(_) => "",
        }
    }

    /// Begins a transaction.
    pub async fn begin(&mut self) -> Result<(), Error> {
        let begin = self.begin_statement();
        on!(self, conn => begin.execute(conn).await)?;
        Ok(())
    }

    /// Makes what was written durable. An error leaves open whether it is.
    pub async fn commit(&mut self) -> Result<(), Error> {
        on!(self, conn => Cached(sql_query("COMMIT")).execute(conn).await)?;
        self.unsettled = false;
        Ok(())
    }

    /// Forgets what was written. Where that fails, the connection is closed, which does the same.
    pub async fn rollback(&mut self) {
        let rolled_back = on!(self, conn => Cached(sql_query("ROLLBACK")).execute(conn).await);
        self.unsettled = rolled_back.is_err();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.unsettled {
            match self.held.take() {
                Some(Held::Postgres(connection)) => drop(connection.leave()),
                Some(Held::Sqlite(connection)) => drop(connection.leave()),
                None => {}
            }
        }
    }
}
