//! A scope as the database keeps it.
use diesel::prelude::*;

use crate::{
    ids::{ProjectId, ScopeId},
    schema::scopes,
};

/// A scope: its journal's last sequence number, and its Inbox.
#[derive(Clone, Debug, QueryableByName, Insertable)]
#[diesel(table_name = scopes)]
pub(crate) struct Scope {
    pub(crate) id: ScopeId,
    /// 0 until its Inbox was made.
    pub(crate) sequence: i64,
    pub(crate) inbox_id: ProjectId,
    pub(crate) created_at: kit::Timestamp,
}
