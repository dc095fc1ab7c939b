//! The journal: every write is carried out in a unit of work that also numbers and keeps what it changed, and whoever listens is
//! told. It knows no resource: what a unit stores is a [`stored::Stored`], what it runs a [`command::Command`].

pub(crate) mod bounds;
pub(crate) mod change;
pub(crate) mod command;
pub(crate) mod error;
pub(crate) mod feed;
pub(crate) mod fields;
pub(crate) mod keys;
pub(crate) mod message;
pub(crate) mod metrics;
pub(crate) mod rows;
pub(crate) mod rpc;
pub(crate) mod store;
pub(crate) mod stored;
pub(crate) mod unit;
pub(crate) mod writer;
