//! What a write names in its fields, each of which has to be there.
use kit_base::Violation;

use super::lookup::present;
use crate::{
    Error,
    ids::{ProjectId, TaskId},
    journal::unit::Unit,
    projects,
};

/// Refuses a write that names what is not there, each by the field that names it. The Inbox is always there.
pub(super) async fn all_there(
    unit: &mut Unit,
    tasks: impl IntoIterator<Item = (&'static str, Option<TaskId>)>,
    project: Option<ProjectId>,
) -> Result<(), Error> {
    let mut faults = vec![];
    for (field, id) in tasks {
        if let Some(id) = id {
            missing(&mut faults, field, present(unit, id).await)?;
        }
    }
    if let Some(project) = project.filter(|id| *id != unit.scope.inbox_id) {
        missing(&mut faults, "project_id", projects::write::present(unit, project).await)?;
    }
    Error::unless_acceptable(faults)
}

fn missing<T>(
    faults: &mut Vec<Violation>,
    field: &str,
    found: Result<T, Error>,
) -> Result<(), Error> {
    match found {
        Err(error) if error.is_missing() => {
            faults.push(Violation::new(field, "NOT_FOUND", "the id of one that exists"));
            Ok(())
        }
        found => found.map(drop),
    }
}
