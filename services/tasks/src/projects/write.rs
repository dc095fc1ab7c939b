//! The writes of projects.
use futures_util::future::{BoxFuture, FutureExt as _};
use kit_base::Timestamp;
use proto::tasks::v1;

use super::{error, row::Project, rules::ProjectFields};
use crate::{
    Error,
    ids::{ObjectId, ProjectId, ScopeId, UserId},
    journal::{
        change::{Actor, Operation},
        command::{Answer, Command, expect_version},
        metrics::Operations,
        stored::Wanted,
        unit::Unit,
    },
    objects, ranks, tasks,
};

/// See [`Command::label`].
pub(crate) const OPERATIONS: Operations = ("project", &["create", "update", "delete"]);

/// A write of a project.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    /// The Inbox that a new scope begins with.
    CreateInbox,
    Create {
        id: Option<ProjectId>,
        name: String,
    },
    Update {
        id: ProjectId,
        fields: ProjectFields,
        if_version: Option<i64>,
    },
    Delete {
        id: ProjectId,
        if_version: Option<i64>,
    },
}

impl Command for Write {
    fn label(&self) -> [&'static str; 2] {
        let operation = match self {
            Self::CreateInbox | Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Delete { .. } => "delete",
        };
        [OPERATIONS.0, operation]
    }

    fn frees(&self) -> bool {
        matches!(self, Self::Delete { .. })
    }

    fn wanted(&self) -> Vec<Wanted> {
        match self {
            Self::CreateInbox => vec![],
            Self::Create { id, .. } => objects::wanted(id.map(|id| id.0)),
            Self::Update { id, .. } | Self::Delete { id, .. } => vec![Wanted::row::<Project>(*id)],
        }
    }

    fn run<'u>(
        &'u self,
        unit: &'u mut Unit,
        actor: &'u Actor,
    ) -> BoxFuture<'u, Result<Answer, Error>> {
        async move {
            match self {
                Self::CreateInbox => create_inbox(unit, actor).await,
                Self::Create { id, name } => create(unit, actor, *id, name.clone()).await,
                Self::Update { id, fields, if_version } => {
                    update(unit, actor, *id, fields.clone(), *if_version).await
                }
                Self::Delete { id, if_version } => delete(unit, actor, *id, *if_version).await,
            }
        }
        .boxed()
    }
}

/// The project; not found when it is in the trash.
pub(crate) async fn present(unit: &mut Unit, id: ProjectId) -> Result<Project, Error> {
    Ok(find(unit, id).await?.ok_or(error::Error::NotFound)?)
}

/// The project, unless it is in the trash.
pub(crate) async fn find(unit: &mut Unit, id: ProjectId) -> Result<Option<Project>, Error> {
    Ok(unit.find::<Project>(id).await?.filter(|project| project.trashed_at.is_none()))
}

/// A project that has only just been made.
fn new(scope_id: ScopeId, id: ProjectId, name: String, by: UserId, now: Timestamp) -> Project {
    Project {
        scope_id,
        id,
        name,
        is_inbox: false,
        rank: String::new(),
        version: 1,
        created_at: now,
        created_by: by,
        updated_at: now,
        archived_at: None,
        trashed_at: None,
        trash_id: None,
    }
}

async fn create_inbox(unit: &mut Unit, actor: &Actor) -> Result<Answer, Error> {
    let id = unit.scope.inbox_id;
    let inbox = match unit.find::<Project>(id).await? {
        Some(inbox) => inbox,
        None => {
            let inbox = new(unit.scope.id, id, "Inbox".to_owned(), actor.user_id, unit.now);
            let inbox = Project { is_inbox: true, rank: ranks::between(None, None), ..inbox };
            unit.save(inbox, Operation::Create, actor).await?
        }
    };
    Ok(Answer::new(v1::Project::from(inbox)))
}

async fn create(
    unit: &mut Unit,
    actor: &Actor,
    id: Option<ProjectId>,
    name: String,
) -> Result<Answer, Error> {
    let id = ProjectId(objects::new_id(unit, id.map(|id| id.0)).await?);
    unit.admit_row::<Project>()?;
    let project = new(unit.scope.id, id, name, actor.user_id, unit.now);
    let project = Project { rank: ranks::at_end(unit.next_sequence()), ..project };
    Ok(Answer::new(v1::Project::from(unit.save(project, Operation::Create, actor).await?)))
}

async fn update(
    unit: &mut Unit,
    actor: &Actor,
    id: ProjectId,
    fields: ProjectFields,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let before = present(unit, id).await?;
    expect_version(before.version, if_version)?;
    let mut project = before.clone();
    project.write(fields, unit.now)?;
    unit.admit_growth(&before, &project)?;
    Ok(Answer::new(v1::Project::from(unit.save(project, Operation::Update, actor).await?)))
}

async fn delete(
    unit: &mut Unit,
    actor: &Actor,
    id: ProjectId,
    if_version: Option<i64>,
) -> Result<Answer, Error> {
    let mut project = present(unit, id).await?;
    expect_version(project.version, if_version)?;
    project.changeable()?;
    let (now, trash) = (unit.now, ObjectId::from(id));
    let tasks = tasks::write::all_in_project(unit, id).await?;
    project.trash(now);
    unit.save(project, Operation::Delete, actor).await?;
    tasks::write::change_each(unit, actor, &tasks, |task| {
        task.trash(now, trash);
        Operation::Delete
    })
    .await?;
    Ok(Answer::new(v1::DeleteProjectResponse {}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::rows::Row as _;

    fn all() -> [Write; 4] {
        let (id, if_version) = (ProjectId(uuid::Uuid::from_u128(1)), Some(1));
        [
            Write::CreateInbox,
            Write::Create { id: Some(id), name: "Attic".to_owned() },
            Write::Update { id, fields: ProjectFields::default(), if_version },
            Write::Delete { id, if_version },
        ]
    }

    #[test]
    fn each_write_is_counted_under_its_name_and_an_inbox_as_what_is_made() {
        let [inbox, others @ ..] = all().map(|write| write.label());
        assert_eq!(others.map(|[_, operation]| operation), OPERATIONS.1);
        assert_eq!(others.map(|[object, _]| object), [Project::TYPE; 3]);
        assert_eq!(inbox, others[0]);
        assert_eq!(OPERATIONS.0, Project::TYPE);
    }

    #[test]
    fn each_write_names_the_rows_that_it_is_about() {
        // An id of the client's choice is looked for among tasks too.
        assert_eq!(all().map(|write| write.wanted().len()), [0, 2, 1, 1]);
    }
}
