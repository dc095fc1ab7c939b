use futures_util::{StreamExt as _, stream::BoxStream};
use proto::tasks::v1::{
    ChangeBatch, CompleteTaskRequest, CreateProjectRequest, CreateTaskRequest,
    DeleteProjectRequest, DeleteProjectResponse, DeleteTaskRequest, DeleteTaskResponse, Due,
    GetProjectRequest, GetTaskRequest, GetUsageRequest, ListActivityRequest, ListActivityResponse,
    ListChangesRequest, ListChangesResponse, ListProjectsRequest, ListProjectsResponse,
    ListTasksRequest, ListTasksResponse, ListTrashRequest, ListTrashResponse, MoveTaskRequest,
    Project, PurgeTrashRequest, PurgeTrashResponse, ReopenTaskRequest, RestoreTrashRequest,
    RestoreTrashResponse, Task, UpdateProjectRequest, UpdateTaskRequest, Usage,
    WatchChangesRequest, change_service_server::ChangeService,
    project_service_server::ProjectService, task_service_server::TaskService,
    trash_service_server::TrashService, usage_service_server::UsageService,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait};

use super::Fake;

const ID: &str = "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11";

fn task() -> Task {
    let moment = Some(prost_types::Timestamp { seconds: 1_788_253_200, nanos: 500_000_000 });
    Task {
        id: ID.to_owned(),
        project_id: ID.to_owned(),
        title: "Buy milk".to_owned(),
        status: 1,
        priority: 5,
        due: Some(Due { date: Some("2026-09-01".to_owned()), datetime: None, time_zone: None }),
        labels: vec!["errands".to_owned()],
        rank: "V".to_owned(),
        version: 7,
        created_at: moment,
        updated_at: moment,
        estimate_minutes: Some(90),
        ..Task::default()
    }
}

fn project() -> Project {
    Project { id: ID.to_owned(), name: "Garden".to_owned(), version: 2, ..Project::default() }
}

#[async_trait]
impl TaskService for Fake {
    async fn create_task(
        &self,
        request: Request<CreateTaskRequest>,
    ) -> Result<Response<Task>, Status> {
        self.answer("CreateTask", request, task()).await
    }

    async fn get_task(&self, request: Request<GetTaskRequest>) -> Result<Response<Task>, Status> {
        self.answer("GetTask", request, task()).await
    }

    async fn list_tasks(
        &self,
        request: Request<ListTasksRequest>,
    ) -> Result<Response<ListTasksResponse>, Status> {
        let page = ListTasksResponse { tasks: vec![task(); 20], next_cursor: "next".to_owned() };
        self.answer("ListTasks", request, page).await
    }

    async fn update_task(
        &self,
        request: Request<UpdateTaskRequest>,
    ) -> Result<Response<Task>, Status> {
        self.answer("UpdateTask", request, task()).await
    }

    async fn delete_task(
        &self,
        request: Request<DeleteTaskRequest>,
    ) -> Result<Response<DeleteTaskResponse>, Status> {
        self.answer("DeleteTask", request, DeleteTaskResponse {}).await
    }

    async fn complete_task(
        &self,
        request: Request<CompleteTaskRequest>,
    ) -> Result<Response<Task>, Status> {
        self.answer("CompleteTask", request, task()).await
    }

    async fn reopen_task(
        &self,
        request: Request<ReopenTaskRequest>,
    ) -> Result<Response<Task>, Status> {
        self.answer("ReopenTask", request, task()).await
    }

    async fn move_task(&self, request: Request<MoveTaskRequest>) -> Result<Response<Task>, Status> {
        self.answer("MoveTask", request, task()).await
    }
}

#[async_trait]
impl ProjectService for Fake {
    async fn create_project(
        &self,
        request: Request<CreateProjectRequest>,
    ) -> Result<Response<Project>, Status> {
        self.answer("CreateProject", request, project()).await
    }

    async fn get_project(
        &self,
        request: Request<GetProjectRequest>,
    ) -> Result<Response<Project>, Status> {
        self.answer("GetProject", request, project()).await
    }

    async fn list_projects(
        &self,
        request: Request<ListProjectsRequest>,
    ) -> Result<Response<ListProjectsResponse>, Status> {
        let page = ListProjectsResponse { projects: vec![project()], next_cursor: String::new() };
        self.answer("ListProjects", request, page).await
    }

    async fn update_project(
        &self,
        request: Request<UpdateProjectRequest>,
    ) -> Result<Response<Project>, Status> {
        self.answer("UpdateProject", request, project()).await
    }

    async fn delete_project(
        &self,
        request: Request<DeleteProjectRequest>,
    ) -> Result<Response<DeleteProjectResponse>, Status> {
        self.answer("DeleteProject", request, DeleteProjectResponse {}).await
    }
}

#[async_trait]
impl TrashService for Fake {
    async fn list_trash(
        &self,
        request: Request<ListTrashRequest>,
    ) -> Result<Response<ListTrashResponse>, Status> {
        self.answer("ListTrash", request, ListTrashResponse::default()).await
    }

    async fn restore_trash(
        &self,
        request: Request<RestoreTrashRequest>,
    ) -> Result<Response<RestoreTrashResponse>, Status> {
        let (id, project_id) = (ID.to_owned(), ID.to_owned());
        let restored = RestoreTrashResponse { object_type: 1, id, project_id, in_place: true };
        self.answer("RestoreTrash", request, restored).await
    }

    async fn purge_trash(
        &self,
        request: Request<PurgeTrashRequest>,
    ) -> Result<Response<PurgeTrashResponse>, Status> {
        self.answer("PurgeTrash", request, PurgeTrashResponse {}).await
    }
}

#[async_trait]
impl ChangeService for Fake {
    type WatchChangesStream = BoxStream<'static, Result<ChangeBatch, Status>>;

    async fn list_changes(
        &self,
        request: Request<ListChangesRequest>,
    ) -> Result<Response<ListChangesResponse>, Status> {
        let page = ListChangesResponse {
            changes: vec![],
            next_cursor: "here".to_owned(),
            has_more: false,
        };
        self.answer("ListChanges", request, page).await
    }

    async fn watch_changes(
        &self,
        request: Request<WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        let batches = self.batches.lock().unwrap().take();
        let stream = match batches {
            Some(batches) => ReceiverStream::new(batches).boxed(),
            None => futures_util::stream::pending().boxed(),
        };
        self.answer("WatchChanges", request, stream).await
    }

    async fn list_activity(
        &self,
        request: Request<ListActivityRequest>,
    ) -> Result<Response<ListActivityResponse>, Status> {
        self.answer("ListActivity", request, ListActivityResponse::default()).await
    }
}

#[async_trait]
impl UsageService for Fake {
    async fn get_usage(
        &self,
        request: Request<GetUsageRequest>,
    ) -> Result<Response<Usage>, Status> {
        self.answer("GetUsage", request, Usage::default()).await
    }
}
