//! What a project may be, and what may become of it.
use kit_base::{Timestamp, Violation};

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
        let mut written = self.clone();
        written.name = name.unwrap_or(written.name);
        match archived {
            Some(true) => written.archived_at = written.archived_at.or(Some(now)),
            Some(false) => written.archived_at = None,
            None => {}
        }
        // What leaves all as it is may be asked of the Inbox, too.
        if written != *self {
            self.changeable()?;
            *self = written;
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::{ObjectId, ProjectId, ScopeId, UserId};

    const MADE: Timestamp = Timestamp::from_seconds(1);
    const NOW: Timestamp = Timestamp::from_seconds(2);
    const LATER: Timestamp = Timestamp::from_seconds(3);

    fn example(is_inbox: bool) -> Project {
        let id = Uuid::from_u128(7);
        Project {
            scope_id: ScopeId(id),
            id: ProjectId(id),
            name: "Garden".to_owned(),
            is_inbox,
            rank: "V".to_owned(),
            version: 1,
            created_at: MADE,
            created_by: UserId(id),
            updated_at: MADE,
            archived_at: None,
            trashed_at: None,
            trash_id: None,
        }
    }

    fn written(name: Option<&str>, archived: Option<bool>) -> ProjectFields {
        ProjectFields { name: name.map(str::to_owned), archived }
    }

    #[test]
    fn what_is_not_written_stays() {
        for (fields, expected) in [
            (written(None, None), example(false)),
            (written(Some("Attic"), None), Project { name: "Attic".to_owned(), ..example(false) }),
            (written(None, Some(false)), example(false)),
            (written(None, Some(true)), Project { archived_at: Some(NOW), ..example(false) }),
        ] {
            let mut project = example(false);
            assert_eq!(project.write(fields.clone(), NOW), Ok(()));
            assert_eq!(project, expected, "{fields:?}");
        }
    }

    #[test]
    fn a_project_is_archived_since_it_was_first() {
        let mut project = example(false);
        for (archived, now, since) in [
            (Some(true), NOW, Some(NOW)),
            (Some(true), LATER, Some(NOW)),
            (None, LATER, Some(NOW)),
            (Some(false), LATER, None),
            (Some(true), LATER, Some(LATER)),
        ] {
            project.write(written(None, archived), now).unwrap();
            assert_eq!(project.archived_at, since, "{archived:?}");
            let expected = if since.is_some() { Err(Error::Archived) } else { Ok(()) };
            assert_eq!(project.accepts_tasks(), expected, "{archived:?}");
        }
    }

    #[test]
    fn the_inbox_is_neither_written_nor_deleted_and_takes_tasks() {
        let (name, refused) = (example(true).name, Err(Error::Inbox));
        for (fields, outcome) in [
            (written(Some("x"), None), refused),
            (written(None, Some(true)), refused),
            (written(None, None), Ok(())),
            (written(Some(&name), Some(false)), Ok(())),
        ] {
            let mut inbox = example(true);
            assert_eq!(inbox.write(fields, NOW), outcome);
            assert_eq!(inbox, example(true), "nothing has changed");
        }
        assert_eq!(example(true).changeable(), Err(Error::Inbox));
        assert_eq!(example(false).changeable(), Ok(()));
        assert_eq!(example(true).accepts_tasks(), Ok(()));
    }

    #[test]
    fn what_comes_out_of_the_trash_is_as_it_went_in() {
        let mut project = Project { archived_at: Some(MADE), ..example(false) };
        let before = project.clone();
        project.trash(NOW);
        let thrown = (project.trashed_at, project.trash_id);
        assert_eq!(thrown, (Some(NOW), Some(ObjectId(Uuid::from_u128(7)))));
        project.restore();
        assert_eq!(project, before);
    }

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        for (raw, expected) in [
            (" Garden ", vec![]),
            (&*"é".repeat(120), vec![]),
            (" ", vec!["REQUIRED"]),
            (&*"x".repeat(121), vec!["TOO_LONG"]),
        ] {
            let mut faults = vec![];
            assert_eq!(name(raw, &mut faults), raw.trim());
            let reasons: Vec<_> = faults.iter().map(|fault| fault.reason.as_str()).collect();
            assert_eq!(reasons, expected, "{raw:?}");
            assert!(faults.iter().all(|fault| fault.field == "name"));
        }
    }
}
