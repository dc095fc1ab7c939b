mod convert;
mod list;

use kit::Violation;
use proto::tasks::v1::{
    CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, DeleteTaskResponse, GetTaskRequest,
    ListTasksRequest, ListTasksResponse, MoveTaskRequest, ReopenTaskRequest, Task,
    UpdateTaskRequest, task_service_server::TaskService,
};
use tonic::{Request, Response};

use super::{Reply, Rpc, acceptable, chosen_id, field_id, id};
use crate::{
    Error,
    command::{Beside, Command, Place, Target},
    domain::TaskId,
    store,
};

#[tonic::async_trait]
impl TaskService for Rpc {
    async fn create_task(&self, request: Request<CreateTaskRequest>) -> Reply<Task> {
        self.write("CreateTask", request, create).await
    }

    async fn get_task(&self, request: Request<GetTaskRequest>) -> Reply<Task> {
        let scope = self.scope(&request).await?;
        let id = id(&request.get_ref().id, Error::TaskNotFound)?;
        let task = store::tasks::get(&self.db, scope, id).await?;
        Ok(Response::new(task.into()))
    }

    async fn list_tasks(&self, request: Request<ListTasksRequest>) -> Reply<ListTasksResponse> {
        let scope = self.scope(&request).await?;
        let page = list::page(&self.db, scope, request.into_inner()).await?;
        Ok(Response::new(page))
    }

    async fn update_task(&self, request: Request<UpdateTaskRequest>) -> Reply<Task> {
        self.write("UpdateTask", request, |message| {
            let UpdateTaskRequest { id: task, fields, update_mask, if_version } = message;
            let fields = Box::new(convert::patch(
                fields.unwrap_or_default(),
                update_mask.unwrap_or_default(),
            )?);
            Ok(Command::UpdateTask { id: id(&task, Error::TaskNotFound)?, fields, if_version })
        })
        .await
    }

    async fn delete_task(&self, request: Request<DeleteTaskRequest>) -> Reply<DeleteTaskResponse> {
        self.write("DeleteTask", request, |DeleteTaskRequest { id: task, if_version }| {
            Ok(Command::DeleteTask { id: id(&task, Error::TaskNotFound)?, if_version })
        })
        .await
    }

    async fn complete_task(&self, request: Request<CompleteTaskRequest>) -> Reply<Task> {
        self.write("CompleteTask", request, |CompleteTaskRequest { id: task, if_version }| {
            Ok(Command::CompleteTask { id: id(&task, Error::TaskNotFound)?, if_version })
        })
        .await
    }

    async fn reopen_task(&self, request: Request<ReopenTaskRequest>) -> Reply<Task> {
        self.write("ReopenTask", request, |ReopenTaskRequest { id: task, if_version }| {
            Ok(Command::ReopenTask { id: id(&task, Error::TaskNotFound)?, if_version })
        })
        .await
    }

    async fn move_task(&self, request: Request<MoveTaskRequest>) -> Reply<Task> {
        self.write("MoveTask", request, relocate).await
    }
}

fn create(message: CreateTaskRequest) -> Result<Command, Error> {
    let CreateTaskRequest { id, project_id, parent_id, fields } = message;
    let mut faults = vec![];
    let id = chosen_id(id.as_ref(), &mut faults).map(TaskId);
    let project = field_id("project_id", project_id.as_ref(), &mut faults);
    let parent = field_id("parent_id", parent_id.as_ref(), &mut faults);
    let fields = Box::new(convert::new(fields.unwrap_or_default(), &mut faults));
    acceptable(faults)?;
    Ok(Command::CreateTask { id, project, parent, fields })
}

fn relocate(message: MoveTaskRequest) -> Result<Command, Error> {
    let MoveTaskRequest { id: task, parent_id, project_id, before, after, if_version } = message;
    let mut faults = vec![];
    let parent = field_id("parent_id", parent_id.as_ref(), &mut faults);
    let project = field_id("project_id", project_id.as_ref(), &mut faults);
    let next = field_id("before", before.as_ref(), &mut faults);
    let previous = field_id("after", after.as_ref(), &mut faults);
    let place = match (parent, project) {
        (Some(_), Some(_)) => {
            faults.push(Violation::new(
                "project_id",
                "CONFLICT",
                "either `parent_id` or `project_id`",
            ));
            Place::Stay
        }
        (Some(parent), None) => Place::Under(parent),
        (None, Some(project)) => Place::TopOf(project),
        (None, None) => Place::Stay,
    };
    let beside = match (next, previous) {
        (Some(_), Some(_)) => {
            faults.push(Violation::new("after", "CONFLICT", "either `before` or `after`"));
            Beside::AtEnd
        }
        (Some(next), None) => Beside::Before(next),
        (None, Some(previous)) => Beside::After(previous),
        (None, None) => Beside::AtEnd,
    };
    acceptable(faults)?;
    Ok(Command::MoveTask {
        id: id(&task, Error::TaskNotFound)?,
        to: Target { place, beside },
        if_version,
    })
}
