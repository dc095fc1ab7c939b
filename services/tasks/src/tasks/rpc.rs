//! Tasks, as peers ask for them.
use kit_base::Violation;
use kit_rpc::Services;
use proto::tasks::v1::{
    CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, DeleteTaskResponse, GetTaskRequest,
    ListTasksRequest, ListTasksResponse, MoveTaskRequest, ReopenTaskRequest, Task, TaskServicePeer,
    UpdateTaskRequest, task_service_server::TaskService,
};
use tonic::{Request, Response};

use super::{
    error, list, message,
    rules::place::{Found, Named},
    store,
    write::{OPERATIONS, Write},
};
use crate::{
    Error,
    ids::{ScopeId, TaskId},
    journal::metrics::register,
    message::path_id,
    rpc::{Reply, Rpc},
};

/// Serves them, and names what is counted of them.
pub(crate) fn serve(rpc: Rpc, services: Services) -> Services {
    register(OPERATIONS);
    TaskServicePeer::serve(services, rpc)
}

#[tonic::async_trait]
impl TaskService for Rpc {
    async fn create_task(&self, request: Request<CreateTaskRequest>) -> Reply<Task> {
        let named = message::named_by_new(request.get_ref());
        let others = |scope| self.faults_of_place(scope, named);
        self.write_with("CreateTask", request, message::create, others).await
    }

    async fn get_task(&self, request: Request<GetTaskRequest>) -> Reply<Task> {
        let scope = self.scope(&request).await?;
        let id = path_id(&request.get_ref().id, error::Error::NotFound)?;
        let task = store::get(&self.tasks, scope, id).await?;
        Ok(Response::new(task.into()))
    }

    async fn list_tasks(&self, request: Request<ListTasksRequest>) -> Reply<ListTasksResponse> {
        let scope = self.scope(&request).await?;
        let page = list::page(self, scope, request.into_inner()).await?;
        Ok(Response::new(page))
    }

    async fn update_task(&self, request: Request<UpdateTaskRequest>) -> Reply<Task> {
        self.write("UpdateTask", request, message::update).await
    }

    async fn delete_task(&self, request: Request<DeleteTaskRequest>) -> Reply<DeleteTaskResponse> {
        self.write("DeleteTask", request, |DeleteTaskRequest { id: task, if_version }| {
            Ok(Write::Delete { id: path_id(&task, error::Error::NotFound)?, if_version })
        })
        .await
    }

    async fn complete_task(&self, request: Request<CompleteTaskRequest>) -> Reply<Task> {
        self.write("CompleteTask", request, |CompleteTaskRequest { id: task, if_version }| {
            Ok(Write::Complete { id: path_id(&task, error::Error::NotFound)?, if_version })
        })
        .await
    }

    async fn reopen_task(&self, request: Request<ReopenTaskRequest>) -> Reply<Task> {
        self.write("ReopenTask", request, |ReopenTaskRequest { id: task, if_version }| {
            Ok(Write::Reopen { id: path_id(&task, error::Error::NotFound)?, if_version })
        })
        .await
    }

    async fn move_task(&self, request: Request<MoveTaskRequest>) -> Reply<Task> {
        let named = message::named_by_move(request.get_ref());
        let others = |scope| self.faults_of_place(scope, named);
        self.write_with("MoveTask", request, message::relocate, others).await
    }
}

impl Rpc {
    /// What is wrong with what a request names that writes nothing.
    async fn faults_of_place(&self, scope: ScopeId, named: Named) -> Result<Vec<Violation>, Error> {
        if named.is_nothing() {
            return Ok(vec![]);
        }
        let task = async |id: Option<TaskId>| match id {
            Some(id) => self.tasks.find((scope, id)).await,
            None => Ok(None),
        };
        let project = async || match named.project {
            Some(id) => self.projects.find((scope, id)).await,
            None => Ok(None),
        };
        let Named { task: moved, parent, before, after, .. } = named;
        let (task, parent, before, after, project) =
            tokio::try_join!(task(moved), task(parent), task(before), task(after), project())?;
        let project = project.map(|project| project.id);
        Ok(Found { task, parent, project, before, after }.faults(&named))
    }
}
