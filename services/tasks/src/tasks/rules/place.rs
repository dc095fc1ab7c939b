//! What a write names of the place of its task: whether it is there, and whether it fits together.
use kit_base::Violation;

use crate::{
    ids::{ProjectId, TaskId},
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
    pub(crate) project: Option<ProjectId>,
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
            && let (Some(parent), Some(project)) = (&self.parent, self.project)
            && parent.project_id != project
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

    /// Whether a task stands among those that the moving one comes among. Where that is not there, nobody can tell, and it is told of
    /// that alone.
    fn is_sibling(&self, named: &Named, other: &Task) -> bool {
        let place = match (named.parent, named.project, &self.task) {
            (Some(_), ..) => {
                self.parent.as_ref().map(|parent| (parent.project_id, Some(parent.id)))
            }
            (None, Some(_), _) => self.project.map(|project| (project, None)),
            (None, None, task) => task.as_ref().map(|task| (task.project_id, task.parent_id)),
        };
        let stands = |place| place == (other.project_id, other.parent_id);
        named.task != Some(other.id) && place.is_none_or(stands)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::tasks::row::tests::example;

    const fn id(number: u128) -> TaskId {
        TaskId(Uuid::from_u128(number))
    }

    const fn project(number: u128) -> ProjectId {
        ProjectId(Uuid::from_u128(number))
    }

    fn task(number: u128, project_id: ProjectId, parent_id: Option<TaskId>) -> Task {
        Task { id: id(number), project_id, parent_id, ..example() }
    }

    fn told(named: Named, found: &Found) -> Vec<String> {
        let faults = found.faults(&named).into_iter();
        faults.map(|fault| format!("{} {}", fault.field, fault.reason)).collect()
    }

    #[test]
    fn all_that_is_named_and_not_there_is_told() {
        let (parent, before, after) = (Some(id(2)), Some(id(3)), Some(id(4)));
        let named = Named { task: Some(id(1)), parent, project: Some(project(9)), before, after };
        let found = Found { task: Some(task(1, project(8), None)), ..Found::default() };
        let fields = ["parent_id", "project_id", "before", "after"];
        assert_eq!(told(named, &found), fields.map(|field| format!("{field} NOT_FOUND")));
        assert!(told(Named::default(), &Found::default()).is_empty());
        let alone = Named { task: Some(id(1)), ..Named::default() };
        assert!(alone.is_nothing() && !named.is_nothing());
    }

    #[test]
    fn a_new_subtask_is_in_the_project_of_its_parent_and_a_moved_one_goes_along() {
        let parent = Some(task(2, project(8), None));
        for (other, moved, expected) in [
            (project(8), None, &[][..]),
            (project(9), None, &["project_id CONFLICT"][..]),
            (project(9), Some(id(1)), &[][..]),
        ] {
            let named = Named {
                task: moved,
                parent: Some(id(2)),
                project: Some(other),
                ..Named::default()
            };
            let found = Found { parent: parent.clone(), project: Some(other), ..Found::default() };
            assert_eq!(told(named, &found), expected, "{other:?} {moved:?}");
        }
    }

    #[test]
    fn a_sibling_stands_where_the_task_goes() {
        let own = task(1, project(8), None);
        let (top, elsewhere) = (task(3, project(8), None), task(3, project(9), None));
        let below = task(3, project(8), Some(id(2)));
        let stay = Named { task: Some(id(1)), before: Some(id(3)), ..Named::default() };
        let (under, to_top) =
            (Named { parent: Some(id(2)), ..stay }, Named { project: Some(project(9)), ..stay });
        let beside_itself = Named { before: Some(id(1)), ..stay };
        for (named, sibling, is_one) in [
            (stay, &top, true),
            (stay, &below, false),
            (stay, &elsewhere, false),
            (under, &below, true),
            (under, &top, false),
            (to_top, &elsewhere, true),
            (to_top, &top, false),
            (beside_itself, &own, false),
        ] {
            let found = Found {
                task: Some(own.clone()),
                parent: named.parent.map(|_| task(2, project(8), None)),
                project: named.project,
                before: Some(sibling.clone()),
                after: None,
            };
            let expected: &[&str] = if is_one { &[] } else { &["before NOT_A_SIBLING"] };
            assert_eq!(told(named, &found), expected, "{named:?} {}", sibling.id.0);
            let behind = Named { before: None, after: named.before, ..named };
            let found = Found { after: found.before.clone(), before: None, ..found };
            assert_eq!(told(behind, &found).len(), expected.len());
        }
        // Where it goes is not there: what would stand there is not judged.
        let found = Found { task: Some(own), before: Some(top.clone()), ..Found::default() };
        assert_eq!(told(under, &found), ["parent_id NOT_FOUND"]);
        assert_eq!(told(to_top, &found), ["project_id NOT_FOUND"]);
        assert!(told(stay, &Found { before: Some(top), ..Found::default() }).is_empty());
    }
}
