//! An exclusive connection and its transaction.
use deadpool::managed::Object;
use diesel::sql_query;
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _, pooled_connection::AsyncDieselConnectionManager};

use super::{Cached, Error, Lite};

type Pooled<C> = Object<AsyncDieselConnectionManager<C>>;

/// An exclusive connection. One that is dropped inside a transaction leaves the pool and is closed.
pub struct Connection {
    held: Option<Held>,
    in_transaction: bool,
}

enum Held {
    Postgres(Pooled<AsyncPgConnection>),
    Sqlite(Pooled<Lite>),
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
        Self { held: Some(Held::Postgres(connection)), in_transaction: false }
    }

    pub(super) fn sqlite(connection: Pooled<Lite>) -> Self {
        Self { held: Some(Held::Sqlite(connection)), in_transaction: false }
    }

    /// For the query macros.
    pub fn backend(&mut self) -> Backend<'_> {
        match self.held.as_mut().expect("held until dropped") {
            Held::Postgres(connection) => Backend::Postgres(connection),
            Held::Sqlite(connection) => Backend::Sqlite(connection),
        }
    }

    /// Begins a transaction, on SQLite as its writer.
    pub async fn begin(&mut self) -> Result<(), Error> {
        self.in_transaction = true;
        match self.backend() {
            Backend::Postgres(mut shared) => begin(&mut shared).await,
            Backend::Sqlite(lite) => Ok(lite.batch_execute("BEGIN IMMEDIATE").await?),
        }
    }

    /// Makes what was written durable. An error leaves open whether it is.
    pub async fn commit(&mut self) -> Result<(), Error> {
        match self.backend() {
            Backend::Postgres(mut shared) => commit(&mut shared).await?,
            Backend::Sqlite(lite) => lite.batch_execute("COMMIT").await?,
        }
        self.in_transaction = false;
        Ok(())
    }

    /// Forgets what was written. Where that fails, the connection is closed, which does the same.
    pub async fn rollback(&mut self) {
        let rolled_back = match self.backend() {
            Backend::Postgres(mut shared) => shared.batch_execute("ROLLBACK").await,
            Backend::Sqlite(lite) => lite.batch_execute("ROLLBACK").await,
        };
        self.in_transaction = rolled_back.is_err();
    }

    /// Says that a transaction was begun or ended by statements sent [`together!`](crate::together!) with others.
    pub fn set_in_transaction(&mut self, in_transaction: bool) {
        self.in_transaction = in_transaction;
    }
}

/// `BEGIN` as a prepared statement, so that it keeps its place among pipelined ones.
pub async fn begin(shared: &mut &AsyncPgConnection) -> Result<(), Error> {
    Cached(sql_query("BEGIN")).execute(shared).await?;
    Ok(())
}

/// `COMMIT` as a prepared statement, so that it keeps its place among pipelined ones.
pub async fn commit(shared: &mut &AsyncPgConnection) -> Result<(), Error> {
    Cached(sql_query("COMMIT")).execute(shared).await?;
    Ok(())
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.in_transaction {
            match self.held.take() {
                Some(Held::Postgres(connection)) => drop(Object::take(connection)),
                Some(Held::Sqlite(connection)) => drop(Object::take(connection)),
                None => {}
            }
        }
    }
}
