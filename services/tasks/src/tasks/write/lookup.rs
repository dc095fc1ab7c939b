//! What the writes of tasks look up.
use crate::{
    Error,
    ids::{ProjectId, TaskId},
    journal::unit::Unit,
    tasks::{
        error,
        row::{Task, node::Node},
        store::{self, MOST_AT_ONCE},
    },
};

/// The task; not found when it is in the trash.
pub(super) async fn present(unit: &mut Unit, id: TaskId) -> Result<Task, Error> {
    Ok(find(unit, id).await?.ok_or(error::Error::NotFound)?)
}

/// The task, unless it is in the trash.
pub(super) async fn find(unit: &mut Unit, id: TaskId) -> Result<Option<Task>, Error> {
    Ok(unit.find::<Task>(id).await?.filter(|task| task.trashed_at.is_none()))
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
pub(super) async fn below(unit: &mut Unit, id: TaskId) -> Result<Vec<Node>, Error> {
    let (mut found, mut level): (Vec<Node>, _) = (vec![], vec![id]);
    while !level.is_empty() {
        let nodes = unit.query(store::below(unit.scope.id, level)).await?;
        level = nodes.iter().map(|node| node.id).collect();
        found.extend(nodes);
        bounded(&found)?;
    }
    Ok(found)
}

/// All tasks of a project that are not in the trash.
pub(crate) async fn all_in_project(
    unit: &mut Unit,
    project: ProjectId,
) -> Result<Vec<Node>, Error> {
    let found = unit.query(store::in_project(unit.scope.id, project)).await?;
    bounded(&found)?;
    Ok(found)
}

fn bounded(nodes: &[Node]) -> Result<(), error::Error> {
    match i64::try_from(nodes.len()) {
        Ok(count) if count <= MOST_AT_ONCE => Ok(()),
        _ => Err(error::Error::TooMany(MOST_AT_ONCE)),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::tasks::row::names::Status;

    #[test]
    fn one_request_touches_so_many_tasks_and_not_one_more() {
        let most = usize::try_from(MOST_AT_ONCE).unwrap();
        let (id, status) = (TaskId(Uuid::nil()), Status::Completed);
        let (parent_id, rank, completion_id) = (None, String::new(), None);
        let node = Node { id, parent_id, rank, status, completion_id };
        let mut nodes = vec![node.clone(); most];
        assert_eq!(bounded(&[]), Ok(()));
        assert_eq!(bounded(&nodes), Ok(()));
        nodes.push(node);
        assert_eq!(bounded(&nodes), Err(error::Error::TooMany(MOST_AT_ONCE)));
    }
}
