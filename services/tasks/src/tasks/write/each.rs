//! What is done to each of thousands of tasks, of which a few are in memory at a time.
use crate::{
    Error,
    ids::ObjectId,
    journal::{
        change::{Actor, Operation},
        unit::Unit,
    },
    tasks::row::{Task, node::Node},
};

/// Tasks that are in memory at once, of the thousands that one write may touch.
const AT_ONCE: usize = 32;

/// Changes tasks, a few at a time and in this order. `change` says what is done to one; what is purged is deleted for good.
pub(crate) async fn change_each(
    unit: &mut Unit,
    actor: &Actor,
    nodes: &[Node],
    mut change: impl FnMut(&mut Task) -> Operation,
) -> Result<(), Error> {
    for some in nodes.chunks(AT_ONCE) {
        let ids: Vec<ObjectId> = some.iter().map(|node| node.id.into()).collect();
        unit.read::<Task>(&ids).await?;
        for id in &ids {
            if let Some(mut task) = unit.find::<Task>(*id).await? {
                match change(&mut task) {
                    Operation::Purge => unit.purge(&task, actor),
                    operation => drop(unit.save(task, operation, actor).await?),
                }
            }
        }
        unit.let_go::<Task>(&ids).await?;
    }
    Ok(())
}
