//! The writes of tasks.
mod each;
mod lookup;
mod named;
mod place;
mod status;
mod tree;

use futures_util::future::{BoxFuture, FutureExt as _};
use proto::tasks::v1;

pub(crate) use self::{
    each::change_each,
    lookup::all_in_project,
    place::{Beside, Place, Target, fits_under, rank_of_returning},
    status::open_above,
};
use super::{
    row::Task,
    rules::{TaskFields, place::Named},
};
use crate::{
    Error,
    ids::{CompletionId, ProjectId, TaskId},
    journal::{
        change::{Actor, Operation},
        command::{Answer, Command, expect_version},
        metrics::Operations,
        stored::Wanted,
        unit::Unit,
    },
    objects, ranks,
};

/// See [`Command::label`].
pub(crate) const OPERATIONS: Operations =
    ("task", &["create", "update", "delete", "complete", "reopen", "move"]);

/// A write of a task.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Create {
        id: Option<TaskId>,
        project: Option<ProjectId>,
        parent: Option<TaskId>,
        fields: Box<TaskFields>,
    },
    Update {
        id: TaskId,
        fields: Box<TaskFields>,
        if_version: Option<i64>,
    },
    Delete {
        id: TaskId,
        if_version: Option<i64>,
    },
    Complete {
        id: TaskId,
        if_version: Option<i64>,
    },
    Reopen {
        id: TaskId,
        if_version: Option<i64>,
    },
    Move {
        id: TaskId,
        to: Target,
        if_version: Option<i64>,
    },
}

impl Command for Write {
    fn label(&self) -> [&'static str; 2] {
        let operation = match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Delete { .. } => "delete",
            Self::Complete { .. } => "complete",
            Self::Reopen { .. } => "reopen",
            Self::Move { .. } => "move",
        };
        [OPERATIONS.0, operation]
    }

    fn frees(&self) -> bool {
        matches!(self, Self::Delete { .. })
    }

    fn wanted(&self) -> Vec<Wanted> {
        match self {
            Self::Create { id, project, parent, .. } => {
                let named = Named { parent: *parent, project: *project, ..Named::default() };
                [objects::wanted(id.map(|id| id.0)), named::wanted(named)].concat()
            }
            Self::Move { id, to, .. } => named::wanted(to.named(*id)),
            Self::Update { id, .. }
            | Self::Delete { id, .. }
            | Self::Complete { id, .. }
            | Self::Reopen { id, .. } => vec![Wanted::row::<Task>(*id)],
        }
    }

    fn run<'u>(
        &'u self,
        unit: &'u mut Unit,
        actor: &'u Actor,
    ) -> BoxFuture<'u, Result<Answer, Error>> {
        async move {
            match self {
                Self::Create { id, project, parent, fields } => {
                    create(unit, actor, *id, (*project, *parent), (**fields).clone()).await
                }
                Self::Update { id, fields, if_version } => {
                    update(unit, actor, *id, (**fields).clone(), *if_version).await
                }
                Self::Delete { id, if_version } => {
                    let task = at_version(unit, *id, *if_version).await?;
                    tree::delete(unit, actor, task).await?;
                    Ok(Answer::new(v1::DeleteTaskResponse {}))
                }
                Self::Complete { id, if_version } => {
                    let task = at_version(unit, *id, *if_version).await?;
                    answer(status::complete(unit, actor, task).await?)
                }
                Self::Reopen { id, if_version } => {
                    let task = at_version(unit, *id, *if_version).await?;
                    answer(status::reopen(unit, actor, task).await?)
                }
                Self::Move { id, to, if_version } => {
                    let task = at_version(unit, *id, *if_version).await?;
                    answer(tree::relocate(unit, actor, task, *to).await?)
                }
            }
        }
        .boxed()
    }
}

fn answer(task: Task) -> Result<Answer, Error> {
    Ok(Answer::new(v1::Task::from(task)))
}

async fn at_version(unit: &mut Unit, id: TaskId, if_version: Option<i64>) -> Result<Task, Error> {
    let task = lookup::present(unit, id).await?;
    expect_version(task.version, if_version)?;
    Ok(task)
}

async fn create(
    unit: &mut Unit,
    actor: &Actor,
    id: Option<TaskId>,
    (project, parent): (Option<ProjectId>, Option<TaskId>),
    fields: TaskFields,
) -> Result<Answer, Error> {
    let id = TaskId(objects::new_id(unit, id.map(|id| id.0)).await?);
    let project_id = place::project_of_new(unit, project, parent).await?;
    unit.admit_row::<Task>()?;
    let new = Task::new(unit.scope.id, id, actor.user_id, unit.now);
    let rank = ranks::at_end(unit.next_sequence());
    let mut task = Task { project_id, parent_id: parent, rank, ..new };
    if let Some(status) = fields.status {
        task.become_status(status, unit.now, CompletionId::new(&unit.clock));
    }
    task.write(fields);
    let task = unit.save(task, Operation::Create, actor).await?;
    status::open_above(unit, actor, &task).await?;
    answer(task)
}

async fn update(
    unit: &mut Unit,
    actor: &Actor,
    id: TaskId,
    fields: TaskFields,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let before = at_version(unit, id, if_version).await?;
    let mut task = before.clone();
    let status = fields.status.unwrap_or(task.status);
    task.write(fields);
    unit.admit_growth(&before, &task)?;
    answer(status::write(unit, actor, task, status).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::rows::Row as _;

    fn id(number: u128) -> TaskId {
        TaskId(uuid::Uuid::from_u128(number))
    }

    fn all() -> [Write; 6] {
        let (fields, if_version) = (Box::<TaskFields>::default, Some(1));
        [
            Write::Create { id: Some(id(1)), project: None, parent: Some(id(2)), fields: fields() },
            Write::Update { id: id(1), fields: fields(), if_version },
            Write::Delete { id: id(1), if_version },
            Write::Complete { id: id(1), if_version },
            Write::Reopen { id: id(1), if_version },
            Write::Move {
                id: id(1),
                to: Target { place: Place::Stay, beside: Beside::AtEnd },
                if_version,
            },
        ]
    }

    #[test]
    fn each_write_is_counted_under_a_name_of_its_own() {
        let labels = all().map(|write| write.label());
        assert_eq!(labels.map(|[object, _]| object), [OPERATIONS.0; 6]);
        assert_eq!(labels.map(|[_, operation]| operation), OPERATIONS.1);
        assert_eq!(OPERATIONS.0, Task::TYPE);
    }

    #[test]
    fn each_write_names_the_rows_that_it_is_about() {
        // An id of the client's choice is looked for among projects too.
        assert_eq!(all().map(|write| write.wanted().len()), [3, 1, 1, 1, 1, 1]);
        let new = Write::Create { id: None, project: None, parent: None, fields: Box::default() };
        assert_eq!(new.wanted().len(), 0, "nobody looks for what is only made");
    }
}
