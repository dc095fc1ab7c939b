//! What may be done to tasks.

use axum::extract::State;
use proto::tasks::v1::{
    CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTasksRequest,
    MoveTaskRequest, ReopenTaskRequest, TaskFields, UpdateTaskRequest,
};

use super::shape::{Move, NewTask, Priority, Status, Task, TaskPage, TaskPatch, TaskQuery};
use crate::{
    body::{Json, Nothing},
    condition::{IfMatch, IfNoneMatch},
    edge::user::User,
    path::Id,
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    shared::Gateway,
};

const ORDERS: [&str; 6] = ["created_at", "-created_at", "due", "-due", "rank", "-rank"];

/// Create a task
#[utoipa::path(post, path = "/v1/tasks", operation_id = "create_task", tag = "tasks", request_body = NewTask,
    responses((status = 201, description = "The task", body = Task)))]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    user: User,
    Json(body): Json<NewTask>,
) -> Reply {
    let answer = gateway.tasks().create_task(user.asks(CreateTaskRequest::from(body))).await?;
    Ok(reply::created::<Task, _>(answer))
}

/// List tasks
#[utoipa::path(get, path = "/v1/tasks", operation_id = "list_tasks", tag = "tasks", params(TaskQuery),
    responses((status = 200, description = "A page of tasks", body = TaskPage)))]
pub(crate) async fn list(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let project_id = query.id("project_id");
    let status = query.words("status", Status::WORDS, |word| Status::parse(word).map(i32::from));
    let priority =
        query.words("priority", Priority::WORDS, |word| Priority::parse(word).map(i32::from));
    let (label, due_before) = (query.list("label"), query.moment("due_before"));
    let (text, order_by) = (query.text("q"), query.word("order_by", &ORDERS));
    let (limit, cursor) = query.page();
    query.end()?;
    let message = ListTasksRequest {
        project_id,
        status,
        priority,
        label,
        due_before,
        query: text,
        order_by,
        limit,
        cursor,
    };
    let answer = gateway.tasks().list_tasks(user.asks(message)).await.map_err(Problem::of_query)?;
    Ok(reply::plain::<TaskPage, _>(answer))
}

/// Read a task
#[utoipa::path(get, path = "/v1/tasks/{id}", operation_id = "read_task", tag = "tasks", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The task", body = Task)))]
pub(crate) async fn read(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    has: IfNoneMatch,
) -> Reply {
    let answer = gateway.tasks().get_task(user.asks(GetTaskRequest { id })).await?;
    Ok(reply::read::<Task, _>(answer, &has))
}

/// Change a task
#[utoipa::path(patch, path = "/v1/tasks/{id}", operation_id = "update_task", tag = "tasks", params(("id" = uuid::Uuid, Path)), request_body = TaskPatch,
    responses((status = 200, description = "The task, changed", body = Task)))]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    IfMatch(if_version): IfMatch,
    Json(patch): Json<TaskPatch>,
) -> Reply {
    let (fields, mask): (TaskFields, _) = patch.fields();
    let message =
        UpdateTaskRequest { id, fields: Some(fields), update_mask: Some(mask), if_version };
    Ok(reply::written::<Task, _>(gateway.tasks().update_task(user.asks(message)).await?))
}

/// Delete a task
///
/// It goes to the trash with all its subtasks.
#[utoipa::path(delete, path = "/v1/tasks/{id}", operation_id = "delete_task", tag = "tasks", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "It is in the trash")))]
pub(crate) async fn remove(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    IfMatch(if_version): IfMatch,
) -> Reply {
    Ok(reply::done(
        gateway.tasks().delete_task(user.asks(DeleteTaskRequest { id, if_version })).await?,
    ))
}

/// Complete a task
///
/// Its open subtasks are completed with it.
#[utoipa::path(post, path = "/v1/tasks/{id}/complete", operation_id = "complete_task", tag = "tasks", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The task, completed", body = Task)))]
pub(crate) async fn complete(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    IfMatch(if_version): IfMatch,
    _: Nothing,
) -> Reply {
    let answer =
        gateway.tasks().complete_task(user.asks(CompleteTaskRequest { id, if_version })).await?;
    Ok(reply::written::<Task, _>(answer))
}

/// Reopen a task
///
/// What was completed with it is reopened too, and so are the tasks above it.
#[utoipa::path(post, path = "/v1/tasks/{id}/reopen", operation_id = "reopen_task", tag = "tasks", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The task, open", body = Task)))]
pub(crate) async fn reopen(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    IfMatch(if_version): IfMatch,
    _: Nothing,
) -> Reply {
    let answer =
        gateway.tasks().reopen_task(user.asks(ReopenTaskRequest { id, if_version })).await?;
    Ok(reply::written::<Task, _>(answer))
}

/// Move a task
///
/// To a project's top level or under another task, and there before or after a sibling; to the end when neither is named.
#[utoipa::path(post, path = "/v1/tasks/{id}/move", operation_id = "move_task", tag = "tasks", params(("id" = uuid::Uuid, Path)), request_body = Move,
    responses((status = 200, description = "The task at its new place", body = Task)))]
pub(crate) async fn relocate(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    IfMatch(if_version): IfMatch,
    Json(Move { parent_id, project_id, before, after }): Json<Move>,
) -> Reply {
    let message = MoveTaskRequest { id, parent_id, project_id, before, after, if_version };
    Ok(reply::written::<Task, _>(gateway.tasks().move_task(user.asks(message)).await?))
}
