//! Every write of the contract as a value, so that what holds for all of them is told once; and all that a user can read.
use prost::Message;
use proto::tasks::v1::{
    CompleteTaskRequest, CreateProjectRequest, CreateTaskRequest, DeleteProjectRequest,
    DeleteTaskRequest, ListActivityRequest, ListProjectsRequest, ListTasksRequest,
    ListTrashRequest, MoveTaskRequest, PurgeTrashRequest, ReopenTaskRequest, RestoreTrashRequest,
    UpdateProjectRequest, UpdateTaskRequest,
};
use tonic::{Request, Response, Status};

use crate::app::{User, fields};

/// A write, by the name that the contract gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    CreateTask,
    UpdateTask,
    DeleteTask,
    CompleteTask,
    ReopenTask,
    MoveTask,
    CreateProject,
    UpdateProject,
    DeleteProject,
    RestoreTrash,
    PurgeTrash,
}

/// What goes along with a write.
#[derive(Clone, Debug, Default)]
pub(crate) struct How {
    pub(crate) if_version: Option<i64>,
    pub(crate) key: Option<String>,
    pub(crate) only_validates: bool,
}

/// What a write answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answered {
    pub(crate) replayed: bool,
    pub(crate) message: Vec<u8>,
}

pub(crate) fn mask(path: &str) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: vec![path.to_owned()] })
}

pub(crate) fn fresh_id() -> String {
    kit_base::id::uuid(&kit_base::Clock::system()).to_string()
}

impl Act {
    pub(crate) const ALL: [Self; 11] = [
        Self::CreateTask,
        Self::UpdateTask,
        Self::DeleteTask,
        Self::CompleteTask,
        Self::ReopenTask,
        Self::MoveTask,
        Self::CreateProject,
        Self::UpdateProject,
        Self::DeleteProject,
        Self::RestoreTrash,
        Self::PurgeTrash,
    ];

    /// Those that make what they name, and cannot miss it.
    pub(crate) fn creates(self) -> bool {
        matches!(self, Self::CreateTask | Self::CreateProject)
    }

    /// Those whose caller may say which version was seen.
    pub(crate) fn takes_a_version(self) -> bool {
        !self.creates() && !matches!(self, Self::RestoreTrash | Self::PurgeTrash)
    }

    /// What is said where there is nothing by the id.
    pub(crate) fn missing(self) -> &'static str {
        match self {
            Self::CreateProject | Self::UpdateProject | Self::DeleteProject => "PROJECT_NOT_FOUND",
            Self::RestoreTrash | Self::PurgeTrash => "TRASH_NOT_FOUND",
            _ => "TASK_NOT_FOUND",
        }
    }

    /// Something that the write changes, by a fresh id.
    pub(crate) async fn aim(self, user: &User) -> String {
        match self {
            Self::CreateTask | Self::CreateProject => return fresh_id(),
            Self::UpdateProject | Self::DeleteProject => {
                let message = CreateProjectRequest { id: None, name: "old".to_owned() };
                let made = user.projects().create_project(user.asks(message)).await.unwrap();
                return made.into_inner().id;
            }
            _ => {}
        }
        let id = user.creates("old").await.id;
        // It can be moved to the end only if it does not stand there.
        user.creates("last").await;
        let before = match self {
            Self::ReopenTask => Self::CompleteTask,
            Self::RestoreTrash | Self::PurgeTrash => Self::DeleteTask,
            _ => return id,
        };
        before.by(user, &id, &How::default()).await.unwrap();
        id
    }

    /// Carries it out on what has this id.
    pub(crate) async fn by(
        self,
        user: &User,
        id: &str,
        how: &How,
    ) -> Result<Response<Answered>, Status> {
        let (if_version, id) = (how.if_version, id.to_owned());
        let (mut tasks, mut projects, mut trash) = (user.tasks(), user.projects(), user.trash());
        match self {
            Self::CreateTask => {
                let (id, fields) = (Some(id), Some(fields("new")));
                let message = CreateTaskRequest { id, fields, ..Default::default() };
                answered(tasks.create_task(asked(user, how, message)).await)
            }
            Self::UpdateTask => {
                let (fields, update_mask) = (Some(fields("new")), mask("title"));
                let message = UpdateTaskRequest { id, fields, update_mask, if_version };
                answered(tasks.update_task(asked(user, how, message)).await)
            }
            Self::DeleteTask => {
                let message = DeleteTaskRequest { id, if_version };
                answered(tasks.delete_task(asked(user, how, message)).await)
            }
            Self::CompleteTask => {
                let message = CompleteTaskRequest { id, if_version };
                answered(tasks.complete_task(asked(user, how, message)).await)
            }
            Self::ReopenTask => {
                let message = ReopenTaskRequest { id, if_version };
                answered(tasks.reopen_task(asked(user, how, message)).await)
            }
            Self::MoveTask => {
                let message = MoveTaskRequest { id, if_version, ..Default::default() };
                answered(tasks.move_task(asked(user, how, message)).await)
            }
            Self::CreateProject => {
                let message = CreateProjectRequest { id: Some(id), name: "new".to_owned() };
                answered(projects.create_project(asked(user, how, message)).await)
            }
            Self::UpdateProject => {
                let (name, update_mask) = (Some("new".to_owned()), mask("name"));
                let message =
                    UpdateProjectRequest { id, update_mask, name, archived: None, if_version };
                answered(projects.update_project(asked(user, how, message)).await)
            }
            Self::DeleteProject => {
                let message = DeleteProjectRequest { id, if_version };
                answered(projects.delete_project(asked(user, how, message)).await)
            }
            Self::RestoreTrash => {
                answered(trash.restore_trash(asked(user, how, RestoreTrashRequest { id })).await)
            }
            Self::PurgeTrash => {
                answered(trash.purge_trash(asked(user, how, PurgeTrashRequest { id })).await)
            }
        }
    }
}

fn asked<M>(user: &User, how: &How, message: M) -> Request<M> {
    let mut request = match &how.key {
        Some(key) => user.asks_once(key, message),
        None => user.asks(message),
    };
    if how.only_validates {
        request.metadata_mut().insert(kit_rpc::VALIDATE_ONLY, "true".parse().unwrap());
    }
    request
}

fn answered<M: Message>(
    outcome: Result<Response<M>, Status>,
) -> Result<Response<Answered>, Status> {
    let outcome = outcome?;
    let replayed = outcome.metadata().contains_key("idempotency-replayed");
    Ok(outcome.map(|message| Answered { replayed, message: message.encode_to_vec() }))
}

/// All that a user can read, of which nothing may change by what others do or by what is refused.
pub(crate) async fn everything(user: &User) -> String {
    let limit = 200;
    let tasks = user.asks(ListTasksRequest { limit, ..Default::default() });
    let labelled =
        user.asks(ListTasksRequest { limit, label: vec!["both".to_owned()], ..Default::default() });
    let projects = user.asks(ListProjectsRequest { limit, ..Default::default() });
    let trash = user.asks(ListTrashRequest { limit, ..Default::default() });
    let activity = user.asks(ListActivityRequest { limit, ..Default::default() });
    let read = (
        user.tasks().list_tasks(tasks).await.unwrap().into_inner(),
        user.tasks().list_tasks(labelled).await.unwrap().into_inner(),
        user.projects().list_projects(projects).await.unwrap().into_inner(),
        user.trash().list_trash(trash).await.unwrap().into_inner(),
        user.changes().list_activity(activity).await.unwrap().into_inner(),
    );
    format!("{read:#?}")
}
