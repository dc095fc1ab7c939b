//! A project: a list of tasks with a name.
use diesel::prelude::*;
use kit::{Timestamp, Violation};
use serde_json::{Value, json};

use super::{ObjectId, ProjectId, ScopeId, UserId, text};
use crate::{Error, schema::projects};

const LONGEST_NAME: usize = 120;

/// A project as the database keeps it.
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

/// What a client wrote of a project; `None` keeps what is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProjectFields {
    pub(crate) name: Option<String>,
    pub(crate) archived: Option<bool>,
}

/// Checks a name.
pub(crate) fn name(raw: &str, faults: &mut Vec<Violation>) -> String {
    text("name", raw, LONGEST_NAME, faults)
}

impl Project {
    /// Takes over what was written; refused for the Inbox.
    pub(crate) fn write(&mut self, fields: ProjectFields, now: Timestamp) -> Result<(), Error> {
        let ProjectFields { name, archived } = fields;
        self.changeable()?;
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        match archived {
            Some(true) => self.archived_at = self.archived_at.or(Some(now)),
            Some(false) => self.archived_at = None,
            None => {}
        }
        Ok(())
    }

    /// The Inbox is everyone's from the start and stays as it is.
    pub(crate) fn changeable(&self) -> Result<(), Error> {
        if self.is_inbox { Err(Error::Inbox) } else { Ok(()) }
    }

    /// An archived project takes no new tasks.
    pub(crate) fn accepts_tasks(&self) -> Result<(), Error> {
        if self.archived_at.is_some() { Err(Error::Archived) } else { Ok(()) }
    }

    /// Puts it into the trash.
    pub(crate) fn trash(&mut self, now: Timestamp) {
        self.trashed_at = Some(now);
        self.trash_id = Some(self.id.into());
    }

    /// Takes it out of the trash.
    pub(crate) fn restore(&mut self) {
        self.trashed_at = None;
        self.trash_id = None;
    }

    /// What the journal compares: each field that a client can see, by its name in the API.
    pub(crate) fn visible(&self) -> [(&'static str, Value); 5] {
        [
            ("name", json!(self.name)),
            ("is_inbox", json!(self.is_inbox)),
            ("archived", json!(self.archived_at.is_some())),
            ("rank", json!(self.rank)),
            ("deleted_at", json!(self.trashed_at)),
        ]
    }
}
