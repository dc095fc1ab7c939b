//! What a write names, as its unit of work finds it.
use super::lookup::find;
use crate::{
    Error,
    journal::{stored::Wanted, unit::Unit},
    projects::{self, row::Project},
    tasks::{
        row::Task,
        rules::place::{Found, Named},
    },
};

/// The rows that it names, read together when the unit of work begins.
pub(super) fn wanted(Named { task, parent, project, before, after }: Named) -> Vec<Wanted> {
    let tasks = [task, parent, before, after].into_iter().flatten().map(Wanted::row::<Task>);
    tasks.chain(project.map(Wanted::row::<Project>)).collect()
}

/// Refuses a write that names what is not there, or does not fit together: all of it at once.
pub(super) async fn check(unit: &mut Unit, named: Named) -> Result<(), Error> {
    if named.is_nothing() {
        return Ok(());
    }
    let mut tasks = [named.task, named.parent, named.before, named.after].map(|id| (id, None));
    for (id, found) in &mut tasks {
        if let Some(id) = id {
            *found = find(unit, *id).await?;
        }
    }
    let [task, parent, before, after] = tasks.map(|(_, found)| found);
    let project = match named.project {
        Some(id) => projects::write::find(unit, id).await?.map(|project| project.id),
        None => None,
    };
    let found = Found { task, parent, project, before, after };
    Error::unless_acceptable(found.faults(&named))
}
