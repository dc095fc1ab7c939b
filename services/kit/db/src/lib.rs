//! The database, PostgreSQL or SQLite: queries stand once and run on either.
//!
//! Reads take a shared connection for one statement ([`read!`](crate::read!)); writes take an exclusive one, in a transaction
//! that runs to its end even when its caller has gone ([`Db::write`]).
mod among;
mod cached;
#[doc(hidden)]
pub mod connection;
mod database;
mod error;
pub mod examine;
pub mod housekeeping;
mod id;
pub mod lease;
mod limited;
mod limits;
mod lookup;
pub mod metrics;
pub mod migrate;
mod names;
mod page;
mod plan;
mod pool;
mod postgres;
mod query;
pub mod sql;
mod sqlite;
#[doc(hidden)]
pub mod statement;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod tls;

#[doc(hidden)]
pub use kit_base as base;

pub use among::{Among, among};
pub use cached::Cached;
pub use connection::Connection;
pub use database::Db;
pub use error::Error;
pub use limited::Limited;
pub use limits::Limits;
pub use lookup::{Load, Lookup};
pub use migrate::Migration;
pub use page::page;
pub use plan::{Bind, Plan};
pub use postgres::Postgres;
pub use sqlite::{Lite, Sqlite};
pub use statement::Statement;
