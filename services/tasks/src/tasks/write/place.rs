//! Where tasks are: in which project, under which task, and in which order.
use std::collections::HashMap;

use super::{each::change_each, lookup, named};
use crate::{
    Error,
    ids::{ProjectId, TaskId},
    journal::{
        change::{Actor, Operation},
        unit::Unit,
    },
    limits::DEPTH,
    projects, ranks,
    tasks::{
        error,
        row::{Task, node::Node},
        rules::place::Named,
        store::{self, MOST_AT_ONCE, Siblings, Side},
    },
};

/// Siblings on each side that get another rank at most.
const MOST_AROUND: usize = 512;

/// Where a task goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) place: Place,
    pub(crate) beside: Beside,
}

/// Among which siblings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Stay,
    Under(TaskId),
    TopOf(ProjectId),
}

/// Next to which of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Beside {
    AtEnd,
    Before(TaskId),
    After(TaskId),
}

impl Target {
    /// What it names, for a task that goes there.
    pub(crate) fn named(self, task: TaskId) -> Named {
        let (parent, project) = match self.place {
            Place::Stay => (None, None),
            Place::Under(parent) => (Some(parent), None),
            Place::TopOf(project) => (None, Some(project)),
        };
        let (before, after) = match self.beside {
            Beside::AtEnd => (None, None),
            Beside::Before(sibling) => (Some(sibling), None),
            Beside::After(sibling) => (None, Some(sibling)),
        };
        Named { task: Some(task), parent, project, before, after }
    }
}

/// The project that a new task goes to, unless something speaks against it.
pub(super) async fn project_of_new(
    unit: &mut Unit,
    project: Option<ProjectId>,
    parent: Option<TaskId>,
) -> Result<ProjectId, Error> {
    named::check(unit, Named { parent, project, ..Named::default() }).await?;
    let id = match parent {
        Some(parent) => {
            let parent = lookup::present(unit, parent).await?;
            if depth(unit, &parent).await? >= DEPTH {
                return Err(error::Error::TooDeep(DEPTH).into());
            }
            parent.project_id
        }
        None => project.unwrap_or(unit.scope.inbox_id),
    };
    accepting(unit, id).await?;
    Ok(id)
}

/// Refuses a project that takes no tasks. The Inbox is always there and never archived.
async fn accepting(unit: &mut Unit, id: ProjectId) -> Result<(), Error> {
    if id != unit.scope.inbox_id {
        projects::write::present(unit, id).await?.accepts_tasks()?;
    }
    Ok(())
}

/// How deep a task lies: 1 at the top level.
async fn depth(unit: &mut Unit, task: &Task) -> Result<usize, Error> {
    Ok(1 + lookup::above(unit, task).await?.len())
}

/// The siblings that a task comes among; `below` is all that lies below it. A project takes what it has already: whether it takes
/// tasks is asked of another one alone.
pub(super) async fn siblings_at(
    unit: &mut Unit,
    task: &Task,
    place: Place,
    below: &[Node],
) -> Result<Siblings, Error> {
    let siblings = match place {
        Place::Stay => Siblings { project: task.project_id, parent: task.parent_id },
        Place::Under(parent) => {
            let project = project_under(unit, task, parent, below).await?;
            Siblings { project, parent: Some(parent) }
        }
        Place::TopOf(project) => Siblings { project, parent: None },
    };
    if siblings.project != task.project_id {
        accepting(unit, siblings.project).await?;
    }
    Ok(siblings)
}

/// The project of the new parent, which is neither the task itself nor below it, nor so deep that the subtree would not fit.
async fn project_under(
    unit: &mut Unit,
    task: &Task,
    parent: TaskId,
    below: &[Node],
) -> Result<ProjectId, Error> {
    if parent == task.id || below.iter().any(|descendant| descendant.id == parent) {
        return Err(error::Error::Cycle.into());
    }
    let parent = lookup::present(unit, parent).await?;
    if !fits_under(unit, &parent, task.id, below).await? {
        return Err(error::Error::TooDeep(DEPTH).into());
    }
    Ok(parent.project_id)
}

/// Whether a task fits under another with all that lies below it.
pub(crate) async fn fits_under(
    unit: &mut Unit,
    parent: &Task,
    task: TaskId,
    below: &[Node],
) -> Result<bool, Error> {
    Ok(depth(unit, parent).await? + Node::height(task, below) <= DEPTH)
}

/// The rank next to a sibling; what stands there already keeps its own.
pub(super) async fn rank_beside(
    unit: &mut Unit,
    actor: &Actor,
    task: &Task,
    siblings: Siblings,
    beside: Beside,
) -> Result<String, Error> {
    let stays = siblings == Siblings { project: task.project_id, parent: task.parent_id };
    let (sibling, side) = match beside {
        Beside::AtEnd if stays => return rank_behind_all(unit, task, siblings).await,
        Beside::AtEnd => return Ok(ranks::at_end(unit.next_sequence())),
        Beside::Before(sibling) => (sibling, Side::Before),
        Beside::After(sibling) => (sibling, Side::Behind),
    };
    let sibling = lookup::present(unit, sibling).await?;
    let next = nearest(unit, siblings, &sibling.rank, side, 1, task.id).await?;
    let next = next.first().map(|node| node.rank.as_str());
    let end = ranks::at_end(unit.next_sequence());
    let (lower, upper) = match side {
        Side::Before => (next, Some(sibling.rank.as_str())),
        Side::Behind => (Some(sibling.rank.as_str()), next.or(Some(&end))),
    };
    if stays && lower < Some(&task.rank) && upper > Some(&task.rank) {
        return Ok(task.rank.clone());
    }
    let rank = ranks::between(lower, upper);
    if rank.len() <= ranks::LONGEST {
        Ok(rank)
    } else {
        make_room(unit, actor, task, siblings, rank).await
    }
}

/// The rank behind all others where it is.
async fn rank_behind_all(
    unit: &mut Unit,
    task: &Task,
    siblings: Siblings,
) -> Result<String, Error> {
    let behind = nearest(unit, siblings, &task.rank, Side::Behind, 1, task.id).await?;
    let end = || ranks::at_end(unit.next_sequence());
    Ok(if behind.is_empty() { task.rank.clone() } else { end() })
}

/// The rank of a task that comes back to where it was: its own, or where another has got that meanwhile one behind it.
pub(crate) async fn rank_of_returning(
    unit: &mut Unit,
    task: &Task,
    siblings: Siblings,
) -> Result<String, Error> {
    // Nothing is between a rank and the same with the lowest digit behind it.
    let beyond = format!("{}0", task.rank);
    let at = nearest(unit, siblings, &beyond, Side::Before, 1, task.id).await?;
    if at.first().is_none_or(|other| other.rank != task.rank) {
        return Ok(task.rank.clone());
    }
    let next = nearest(unit, siblings, &task.rank, Side::Behind, 1, task.id).await?;
    let end = ranks::at_end(unit.next_sequence());
    let upper = next.first().map_or(end.as_str(), |next| &next.rank);
    let rank = ranks::between(Some(&task.rank), Some(upper));
    Ok(if rank.len() <= ranks::LONGEST { rank } else { end })
}

/// The siblings on one side of a rank, nearest first, without the task that is on its way.
async fn nearest(
    unit: &mut Unit,
    siblings: Siblings,
    rank: &str,
    side: Side,
    count: usize,
    besides: TaskId,
) -> Result<Vec<Node>, Error> {
    let limit = i64::try_from(count).unwrap_or(MOST_AT_ONCE) + 1;
    let query = store::siblings(unit.scope.id, siblings, rank.to_owned(), side, limit);
    let mut found = unit.query(query).await?;
    found.retain(|node| node.id != besides);
    found.truncate(count);
    Ok(found)
}

/// Ranks the siblings around a place anew, as few as will do, so that the rank of what goes there is short.
async fn make_room(
    unit: &mut Unit,
    actor: &Actor,
    task: &Task,
    siblings: Siblings,
    rank: String,
) -> Result<String, Error> {
    let end = ranks::at_end(unit.next_sequence());
    let mut around = 8;
    loop {
        // One more on each side than gets a new rank: what they have bounds the others.
        let mut before = nearest(unit, siblings, &rank, Side::Before, around + 1, task.id).await?;
        let mut behind = nearest(unit, siblings, &rank, Side::Behind, around + 1, task.id).await?;
        let all = before.len() <= around && behind.len() <= around;
        let lower = if before.len() > around { before.pop() } else { None };
        let upper = if behind.len() > around { behind.pop() } else { None };
        let (lower, upper) =
            (lower.map(|node| node.rank), upper.map_or(end.clone(), |node| node.rank));
        let mut fresh =
            ranks::spread(lower.as_deref(), Some(&upper), before.len() + 1 + behind.len());
        let longest = fresh.iter().map(String::len).max().unwrap_or(0);
        if longest > ranks::LONGEST / 2 && !all && around < MOST_AROUND {
            around *= 4;
            continue;
        }
        let own = fresh.remove(before.len());
        let around: Vec<_> = before.into_iter().rev().chain(behind).collect();
        let mut ranks: HashMap<_, _> = around.iter().map(|node| node.id).zip(fresh).collect();
        change_each(unit, actor, &around, |sibling| {
            sibling.rank = ranks.remove(&sibling.id).unwrap_or(sibling.rank.clone());
            Operation::Move
        })
        .await?;
        return Ok(own);
    }
}

#[cfg(test)]
mod tests;
