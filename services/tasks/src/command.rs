//! What a write does inside its unit of work: reads what it needs, asks the rules, saves.
mod project;
mod task;
mod trash;
mod tree;

use crate::{
    Error,
    domain::{
        ObjectId, ProjectId, TaskId,
        event::Actor,
        names::ObjectType,
        project::{Project, ProjectFields},
        task::{Task, TaskFields},
    },
    store::unit::Unit,
};

/// A write.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    CreateTask {
        id: Option<TaskId>,
        project: Option<ProjectId>,
        parent: Option<TaskId>,
        fields: Box<TaskFields>,
    },
    UpdateTask {
        id: TaskId,
        fields: Box<TaskFields>,
        if_version: Option<i64>,
    },
    DeleteTask {
        id: TaskId,
        if_version: Option<i64>,
    },
    CompleteTask {
        id: TaskId,
        if_version: Option<i64>,
    },
    ReopenTask {
        id: TaskId,
        if_version: Option<i64>,
    },
    MoveTask {
        id: TaskId,
        to: Target,
        if_version: Option<i64>,
    },
    CreateProject {
        id: Option<ProjectId>,
        name: String,
    },
    UpdateProject {
        id: ProjectId,
        fields: ProjectFields,
        if_version: Option<i64>,
    },
    DeleteProject {
        id: ProjectId,
        if_version: Option<i64>,
    },
    Restore {
        id: ObjectId,
    },
    Purge {
        id: ObjectId,
    },
}

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

/// What a write answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Task(Box<Task>),
    Project(Project),
    Restored { object_type: ObjectType, id: ObjectId, project: ProjectId, in_place: bool },
    Gone,
}

impl Command {
    /// The tasks it names: read before it runs, together with those of the other writes at hand.
    pub(crate) fn names(&self) -> Vec<TaskId> {
        match self {
            Self::CreateTask { id, parent, .. } => id.iter().chain(parent).copied().collect(),
            Self::UpdateTask { id, .. }
            | Self::DeleteTask { id, .. }
            | Self::CompleteTask { id, .. }
            | Self::ReopenTask { id, .. }
            | Self::MoveTask { id, .. } => vec![*id],
            Self::CreateProject { .. }
            | Self::UpdateProject { .. }
            | Self::DeleteProject { .. }
            | Self::Restore { .. }
            | Self::Purge { .. } => vec![],
        }
    }

    /// Runs it. Refusals come before the first save, so that a refused write leaves nothing in a unit it shares.
    pub(crate) async fn run(self, unit: &mut Unit, actor: &Actor) -> Result<Answer, Error> {
        match self {
            Self::CreateTask { id, project, parent, fields } => {
                task::create(unit, actor, id, (project, parent), *fields).await
            }
            Self::UpdateTask { id, fields, if_version } => {
                task::update(unit, actor, id, *fields, if_version).await
            }
            Self::DeleteTask { id, if_version } => tree::delete(unit, actor, id, if_version).await,
            Self::CompleteTask { id, if_version } => {
                tree::complete(unit, actor, id, if_version).await
            }
            Self::ReopenTask { id, if_version } => tree::reopen(unit, actor, id, if_version).await,
            Self::MoveTask { id, to, if_version } => {
                tree::relocate(unit, actor, id, to, if_version).await
            }
            Self::CreateProject { id, name } => project::create(unit, actor, id, name).await,
            Self::UpdateProject { id, fields, if_version } => {
                project::update(unit, actor, id, fields, if_version).await
            }
            Self::DeleteProject { id, if_version } => {
                project::delete(unit, actor, id, if_version).await
            }
            Self::Restore { id } => trash::restore(unit, actor, id).await,
            Self::Purge { id } => trash::purge(unit, actor, id).await,
        }
    }
}

/// Refuses a write whose caller saw another version.
fn unchanged(at: i64, if_version: Option<i64>) -> Result<(), Error> {
    match if_version {
        Some(seen) if seen != at => Err(Error::Stale { at }),
        _ => Ok(()),
    }
}
