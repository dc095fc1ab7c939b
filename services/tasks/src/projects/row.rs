//! A project as the database keeps it.
use diesel::prelude::*;
use kit_base::Timestamp;

use crate::{
    ids::{ObjectId, ProjectId, ScopeId, UserId},
    journal::{fields::ChangedFields, rows::Row},
};

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Uuid};

    projects (scope_id, id) {
        scope_id -> Uuid,
        id -> Uuid,
        name -> Text,
        is_inbox -> Bool,
        rank -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Uuid,
        updated_at -> Instant,
        archived_at -> Nullable<Instant>,
        trashed_at -> Nullable<Instant>,
        trash_id -> Nullable<Uuid>,
    }
}

/// What a row takes beside its name, in bytes.
pub(super) const ROW: usize = 512;

/// A list of tasks with a name.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = projects, treat_none_as_default_value = false, treat_none_as_null = true, primary_key(scope_id, id))]
pub(crate) struct Project {
    pub(crate) scope_id: ScopeId,
    pub(crate) id: ProjectId,
    pub(crate) name: String,
    pub(crate) is_inbox: bool,
    pub(crate) rank: String,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: UserId,
    pub(crate) updated_at: Timestamp,
    pub(crate) archived_at: Option<Timestamp>,
    pub(crate) trashed_at: Option<Timestamp>,
    pub(crate) trash_id: Option<ObjectId>,
}

impl Row for Project {
    const TYPE: &'static str = "project";

    fn id(&self) -> ObjectId {
        self.id.into()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn kept_bytes(&self) -> usize {
        ROW + self.name.len()
    }

    fn stamp(&mut self, version: i64, now: Timestamp) {
        (self.version, self.updated_at) = (version, now);
    }

    fn tell_changes(&self, before: Option<&Self>, changes: &mut ChangedFields) {
        let Self {
            scope_id: _,
            id: _,
            name,
            is_inbox,
            rank,
            version: _,
            created_at: _,
            created_by: _,
            updated_at: _,
            archived_at,
            trashed_at,
            trash_id: _,
        } = self;
        changes.field("name", before.map(|before| &before.name), name);
        changes.field("is_inbox", before.map(|before| &before.is_inbox), is_inbox);
        let archived = before.map(|before| before.archived_at.is_some());
        changes.field("archived", archived, archived_at.is_some());
        changes.field("rank", before.map(|before| &before.rank), rank);
        changes.field("deleted_at", before.map(|before| &before.trashed_at), trashed_at);
    }
}
