//! What a project may be, and what may become of it.
use kit::{Timestamp, Violation};

use super::{error::Error, row::Project};
use crate::{limits::PROJECT_NAME, text};

/// What a client wrote of a project; `None` keeps what is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProjectFields {
    pub(crate) name: Option<String>,
    pub(crate) archived: Option<bool>,
}

/// Checks a name.
pub(crate) fn name(raw: &str, faults: &mut Vec<Violation>) -> String {
    text::line("name", raw, PROJECT_NAME, faults)
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
}
