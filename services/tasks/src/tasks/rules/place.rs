//! What a write names of the place of its task: whether it is there, and whether it fits together.
use kit_base::Violation;

use crate::{
    ids::{ProjectId, TaskId},
    projects::row::Project,
    tasks::row::Task,
};

/// What a write names, by the fields that name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// The task that moves; none for a new one.
    pub(crate) task: Option<TaskId>,
    pub(crate) parent: Option<TaskId>,
    pub(crate) project: Option<ProjectId>,
    pub(crate) before: Option<TaskId>,
    pub(crate) after: Option<TaskId>,
}

impl Named {
    /// Whether it is nothing that could be missing.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self { task: self.task, ..Self::default() }
    }
}

/// What there is of it, outside of the trash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) task: Option<Task>,
    pub(crate) parent: Option<Task>,
    pub(crate) project: Option<Project>,
    pub(crate) before: Option<Task>,
    pub(crate) after: Option<Task>,
}

impl Found {
    /// All that is wrong with what was named.
    pub(crate) fn faults(&self, named: &Named) -> Vec<Violation> {
        let Named { task, parent, project, before, after } = *named;
        let missing = [
            ("parent_id", parent.is_some() && self.parent.is_none()),
            ("project_id", project.is_some() && self.project.is_none()),
            ("before", before.is_some() && self.before.is_none()),
            ("after", after.is_some() && self.after.is_none()),
        ];
        let missing = missing.into_iter().filter(|(_, is_missing)| *is_missing);
        let missing = missing
            .map(|(field, _)| Violation::new(field, "NOT_FOUND", "the id of one that exists"));
        let mut faults: Vec<_> = missing.collect();
        if task.is_none()
            && let (Some(parent), Some(project)) = (&self.parent, &self.project)
            && parent.project_id != project.id
        {
            let message = "the project of the parent, or leave it out";
            faults.push(Violation::new("project_id", "CONFLICT", message));
        }
        let beside = [("before", &self.before), ("after", &self.after)];
        for (field, sibling) in beside {
            if sibling.as_ref().is_some_and(|sibling| !self.is_sibling(named, sibling)) {
                let message = "the id of a task at the place it goes to";
                faults.push(Violation::new(field, "NOT_A_SIBLING", message));
            }
        }
        faults
    }

    /// Whether a task stands among those that the moving one comes among.
    fn is_sibling(&self, named: &Named, other: &Task) -> bool {
        let place = match (named.parent, named.project, &self.task) {
            (Some(parent), ..) => {
                return named.task != Some(other.id) && other.parent_id == Some(parent);
            }
            (None, Some(project), _) => (project, None),
            (None, None, Some(task)) => (task.project_id, task.parent_id),
            // A task that is not there stands nowhere: that is told first.
            (None, None, None) => return true,
        };
        named.task != Some(other.id) && (other.project_id, other.parent_id) == place
    }
}
