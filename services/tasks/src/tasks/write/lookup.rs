//! What the writes of tasks look up.
use crate::{
    Error,
    ids::{ProjectId, TaskId},
    journal::unit::Unit,
    tasks::{
        error,
        row::Task,
        store::{self, MOST_AT_ONCE},
    },
};

/// The task; not found when it is in the trash.
pub(super) async fn present(unit: &mut Unit, id: TaskId) -> Result<Task, Error> {
    let found = unit.find::<Task>(id).await?.filter(|task| task.trashed_at.is_none());
    Ok(found.ok_or(error::Error::NotFound)?)
}

/// The tasks above it, nearest first.
pub(super) async fn above(unit: &mut Unit, task: &Task) -> Result<Vec<Task>, Error> {
    let (mut found, mut parent) = (vec![], task.parent_id);
    while let Some(id) = parent {
        let Some(task) = unit.find::<Task>(id).await? else { break };
        parent = task.parent_id;
        found.push(task);
    }
    Ok(found)
}

/// All tasks below `id` that are not in the trash, nearest first.
pub(super) async fn below(unit: &mut Unit, id: TaskId) -> Result<Vec<Task>, Error> {
    let (mut found, mut level): (Vec<Task>, _) = (vec![], vec![id]);
    while !level.is_empty() {
        let rows = unit.load(store::below(unit.scope.id, level)).await?;
        level = rows.iter().map(|row| row.id).collect();
        found.extend(rows);
        bounded(&found)?;
    }
    Ok(found)
}

/// All tasks of a project that are not in the trash.
pub(crate) async fn all_in_project(
    unit: &mut Unit,
    project: ProjectId,
) -> Result<Vec<Task>, Error> {
    let found = unit.load(store::in_project(unit.scope.id, project)).await?;
    bounded(&found)?;
    Ok(found)
}

fn bounded(rows: &[Task]) -> Result<(), error::Error> {
    match i64::try_from(rows.len()) {
        Ok(count) if count <= MOST_AT_ONCE => Ok(()),
        _ => Err(error::Error::TooMany(MOST_AT_ONCE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::row::tests::example;

    #[test]
    fn one_request_touches_so_many_tasks_and_not_one_more() {
        let most = usize::try_from(MOST_AT_ONCE).unwrap();
        let mut rows = vec![example(); most];
        assert_eq!(bounded(&[]), Ok(()));
        assert_eq!(bounded(&rows), Ok(()));
        rows.push(example());
        assert_eq!(bounded(&rows), Err(error::Error::TooMany(MOST_AT_ONCE)));
    }
}
