//! What may be done to tasks.
use axum::extract::State;
use proto::tasks::v1::{
    CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTasksRequest,
    MoveTaskRequest, ReopenTaskRequest, TaskFields, TaskServicePeer, UpdateTaskRequest,
    limits::ORDERS,
};
use serde_json::json;
use utoipa_axum::routes;

use super::{
    filter::TaskQuery,
    shape::{Move, NewTask, Priority, Status, Task, TaskPage, TaskPatch, bounded},
};
use crate::{
    body::{Draft, Nothing},
    condition::{IfMatch, Wanted},
    edge::{access::Access, holding::turn, user::User},
    openapi::pattern,
    operations::{Bound, Kind, Operations, Traits},
    path::Id,
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    shared::Gateway,
};

/// What may be done to tasks.
pub(crate) fn operations() -> Operations {
    let user = || Traits::new(Access::Users);
    let task = json!({
        "title": "Buy milk", "description": "Two bottles, *not* skimmed", "priority": "medium",
        "due": {"datetime": "2026-09-01T09:00:00", "time_zone": "Europe/Berlin"}, "labels": ["errands"],
    });
    let change =
        json!({"title": "Buy oat milk", "priority": "high", "due": {"date": "2026-09-01"}});
    // To the end of where it is.
    let place = json!({"parent_id": null, "project_id": null, "before": null, "after": null});
    bounded(Operations::new("tasks", "What there is to do"))
        .offer(routes!(list), user().paged())
        // The project or task that it goes to may be missing.
        .offer(routes!(create), user().refuses(&[403, 404]).example(task))
        .offer(routes!(read), user().versioned())
        .offer(routes!(update), user().versioned().refuses(&[403]).example(change))
        .offer(routes!(remove), user().versioned())
        .offer(routes!(complete), user().versioned().refuses(&[403]))
        .offer(routes!(reopen), user().versioned().refuses(&[403]))
        .offer(routes!(relocate), user().versioned().refuses(&[403]).example(place))
        .pattern(&["NewTask"], "id", pattern::UUID_7)
        .pattern(&["Due"], "date", pattern::DAY)
        .pattern(&["Due"], "datetime", pattern::TIME)
        .pattern(&["Due"], "time_zone", pattern::TIME_ZONE)
        .bound(Bound::Either { shape: "Due", kinds: DUES })
        .bound(Bound::Either { shape: "Move", kinds: PLACES })
}

/// A day, a time somewhere, a time wherever one is.
const DUES: &[Kind] = &[
    Kind { has: &["date"], may_have: &[], patterns: &[] },
    Kind {
        has: &["datetime", "time_zone"],
        may_have: &[],
        patterns: &[("datetime", pattern::WALL_TIME)],
    },
    Kind { has: &["datetime"], may_have: &[], patterns: &[] },
];

/// At most one of `parent_id` and `project_id`, and of `before` and `after`.
const PLACES: &[Kind] = &[
    Kind { has: &[], may_have: &["parent_id", "before"], patterns: &[] },
    Kind { has: &[], may_have: &["parent_id", "after"], patterns: &[] },
    Kind { has: &[], may_have: &["project_id", "before"], patterns: &[] },
    Kind { has: &[], may_have: &["project_id", "after"], patterns: &[] },
];

/// The service that keeps them.
fn tasks(gateway: &Gateway) -> TaskServicePeer<'_> {
    TaskServicePeer::new(&gateway.peers.tasks)
}

/// Create a task
///
/// It goes to the end of its project, or of the task that it is a part of.
#[utoipa::path(post, path = "/v1/tasks", operation_id = "create_task", request_body = NewTask,
    responses((status = 201, description = "The task", body = Task)))]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    user: User,
    body: Draft<NewTask>,
) -> Reply {
    let (body, user) = body.said_by(user);
    let answer = tasks(&gateway).create_task(user.asks(CreateTaskRequest::from(body))).await?;
    Ok(reply::created::<Task, _>(answer))
}

/// List tasks
///
/// Those that all filters let through; without filters all of them.
#[utoipa::path(get, path = "/v1/tasks", operation_id = "list_tasks", params(TaskQuery),
    responses((status = 200, description = "A page of tasks", body = TaskPage)))]
pub(crate) async fn list(State(gateway): State<Gateway>, user: User, query: Query) -> Reply {
    let project_id = query.id("project_id");
    let status = query.words("status", Status::words(), |word| Status::parse(word).map(i32::from));
    let priority =
        query.words("priority", Priority::words(), |word| Priority::parse(word).map(i32::from));
    let (label, due_before) = (query.list("label"), query.moment("due_before"));
    let (text, order_by) = (query.text("q"), query.word("order_by", &ORDERS));
    let (limit, cursor) = query.page();
    query.ask()?;
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
    let turn = turn(&gateway, user.holder()).await?;
    let answer = tasks(&gateway).list_tasks(user.asks(message)).await.map_err(Problem::of_query)?;
    reply::page::<TaskPage, _>(&gateway, answer, turn).await
}

/// Read a task
///
/// With its version as the ETag.
#[utoipa::path(get, path = "/v1/tasks/{id}", operation_id = "read_task", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The task", body = Task)))]
pub(crate) async fn read(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    wanted: Wanted,
) -> Reply {
    let answer = tasks(&gateway).get_task(user.asks(GetTaskRequest { id })).await?;
    Ok(reply::read::<Task, _>(answer, &wanted))
}

/// Change a task
///
/// What is absent stays, what is null is cleared.
#[utoipa::path(patch, path = "/v1/tasks/{id}", operation_id = "update_task", params(("id" = uuid::Uuid, Path)), request_body = TaskPatch,
    responses((status = 200, description = "The task, changed", body = Task)))]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    if_match: IfMatch,
    patch: Draft<TaskPatch>,
) -> Reply {
    let (patch, user) = patch.said_by(user);
    let (fields, mask): (TaskFields, _) = patch.fields();
    let (fields, update_mask) = (Some(fields), Some(mask));
    let message = UpdateTaskRequest { id, fields, update_mask, if_version: None };
    let answer = if_match.ask(|if_version| {
        let request = user.clone().asks(UpdateTaskRequest { if_version, ..message.clone() });
        tasks(&gateway).update_task(request)
    });
    Ok(reply::written::<Task, _>(answer.await?))
}

/// Delete a task
///
/// It goes to the trash with all its subtasks.
#[utoipa::path(delete, path = "/v1/tasks/{id}", operation_id = "delete_task", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "It is in the trash")))]
pub(crate) async fn remove(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    if_match: IfMatch,
    _: Nothing,
) -> Reply {
    let answer = if_match.ask(|if_version| {
        let request = user.clone().asks(DeleteTaskRequest { id: id.clone(), if_version });
        tasks(&gateway).delete_task(request)
    });
    Ok(reply::no_content(answer.await?))
}

/// Complete a task
///
/// Its open subtasks are completed with it.
#[utoipa::path(post, path = "/v1/tasks/{id}/complete", operation_id = "complete_task", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The task, completed", body = Task)))]
pub(crate) async fn complete(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    if_match: IfMatch,
    _: Nothing,
) -> Reply {
    let answer = if_match.ask(|if_version| {
        let request = user.clone().asks(CompleteTaskRequest { id: id.clone(), if_version });
        tasks(&gateway).complete_task(request)
    });
    Ok(reply::written::<Task, _>(answer.await?))
}

/// Reopen a task
///
/// What was completed with it is reopened too, and so are the tasks above it.
#[utoipa::path(post, path = "/v1/tasks/{id}/reopen", operation_id = "reopen_task", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The task, open", body = Task)))]
pub(crate) async fn reopen(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    if_match: IfMatch,
    _: Nothing,
) -> Reply {
    let answer = if_match.ask(|if_version| {
        let request = user.clone().asks(ReopenTaskRequest { id: id.clone(), if_version });
        tasks(&gateway).reopen_task(request)
    });
    Ok(reply::written::<Task, _>(answer.await?))
}

/// Move a task
///
/// To a project's top level or under another task, and there before or after a sibling; to the end when neither is named. A field that is
/// null is as one that is left out.
#[utoipa::path(post, path = "/v1/tasks/{id}/move", operation_id = "move_task", params(("id" = uuid::Uuid, Path)), request_body = Move,
    responses((status = 200, description = "The task at its new place", body = Task)))]
pub(crate) async fn relocate(
    State(gateway): State<Gateway>,
    user: User,
    Id(id): Id,
    if_match: IfMatch,
    place: Draft<Move>,
) -> Reply {
    let (Move { parent_id, project_id, before, after }, user) = place.said_by(user);
    let message = MoveTaskRequest { id, parent_id, project_id, before, after, if_version: None };
    let answer = if_match.ask(|if_version| {
        let request = user.clone().asks(MoveTaskRequest { if_version, ..message.clone() });
        tasks(&gateway).move_task(request)
    });
    Ok(reply::written::<Task, _>(answer.await?))
}
