//! Lists of tasks, page by page.
use kit_base::{
    Fault as _, Timestamp, Violation,
    page::{self, PageError},
    text::fold,
};
use kit_db::Db;
use proto::tasks::v1::{ListTasksRequest, ListTasksResponse};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    message::{priorities, statuses},
    row::Task,
    store::{self, Filter, Order},
};
use crate::{
    Error,
    ids::{ScopeId, TaskId},
    limits::{FILTER, ORDERS},
    message::field_id,
    rpc::{Rpc, Wanted},
};

/// The last task of a page, as its order sees it.
#[derive(Debug, Serialize, Deserialize)]
enum Position {
    Created(i64, Uuid),
    Due(i64, Uuid),
    Rank(String, Uuid),
}

/// A page, with the cursor to the next.
pub(super) async fn page(
    rpc: &Rpc,
    scope: ScopeId,
    request: ListTasksRequest,
) -> Result<ListTasksResponse, Error> {
    let limit = page::limit(request.limit)?;
    let (cursor, query) = (request.cursor.clone(), identity(&request));
    let after = page::decode(&query, &cursor);
    let (filter, order_by) = parse(request, after.as_ref().err().copied())?;
    let order = order(&order_by, after?)?;
    let read = async |apart, rows| read(&rpc.db, scope, &filter, &order, rows, apart).await;
    let long = filter.searches(&order);
    let (found, limit, _room) =
        rpc.page(Wanted { rooms: &rpc.rooms, scope, long, limit }, Task::bytes, read).await?;
    let (found, next_cursor) = page::cut(found, limit, Task::bytes, |last| {
        page::encode(&query, &position(&order_by, last))
    });
    Ok(ListTasksResponse { tasks: found.into_iter().map(Into::into).collect(), next_cursor })
}

/// At most `limit` tasks: behind the last that is due come those that never are.
async fn read(
    db: &Db,
    scope: ScopeId,
    filter: &Filter,
    order: &Order,
    limit: i64,
    apart: bool,
) -> Result<Vec<Task>, Error> {
    let mut found = store::list(db, scope, filter, order, limit, apart).await?;
    let missing = limit - i64::try_from(found.len()).unwrap_or(0);
    let is_whole = found.iter().map(Task::bytes).sum::<usize>() <= page::MAX_BYTES && missing > 0;
    if matches!(order, Order::Due { .. }) && is_whole && filter.due_before.is_none() {
        let never_due = Order::NeverDue { after: None };
        found.extend(store::list(db, scope, filter, &never_due, missing, apart).await?);
    }
    Ok(found)
}

/// What tells this list from others: the request without its page.
fn identity(request: &ListTasksRequest) -> String {
    format!("{:?}", ListTasksRequest { limit: 0, cursor: String::new(), ..request.clone() })
}

/// What is asked for; all that is wrong with it, and not the `cursor` alone.
fn parse(request: ListTasksRequest, cursor: Option<PageError>) -> Result<(Filter, String), Error> {
    let mut faults = vec![];
    let ListTasksRequest {
        limit: _,
        cursor: _,
        project_id,
        status,
        priority,
        label,
        due_before,
        query,
        order_by,
    } = request;
    let project = field_id("project_id", project_id.as_ref(), &mut faults);
    // By number: the getters of the message leave out what they do not know, and what is left would be another list.
    let (status, priority) = (statuses(&status, &mut faults), priorities(&priority, &mut faults));
    if !order_by.is_empty() && !ORDERS.contains(&order_by.as_str()) {
        let message = format!("this is one of {}", ORDERS.join(", "));
        faults.push(Violation::new("order_by", "NOT_ONE_OF", message));
    }
    if order_by.ends_with("rank") && project.is_none() {
        faults.push(Violation::new("order_by", "CONFLICT", "`rank` needs a `project_id`"));
    }
    let (words, labels) = sought(&query.unwrap_or_default(), &label, &mut faults);
    if let Some(cursor) = cursor.filter(|_| !faults.is_empty()) {
        faults.push(Violation::new("cursor", cursor.fault().1, cursor.to_string()));
    }
    Error::unless_acceptable(faults)?;
    let due_before = due_before.map(|moment| Timestamp::from_proto(moment.seconds, moment.nanos));
    Ok((Filter { project, status, priority, labels, due_before, words }, order_by))
}

/// The words and labels that a task has to have, as they are compared.
fn sought(
    query: &str,
    labels: &[String],
    faults: &mut Vec<Violation>,
) -> (Vec<String>, Vec<String>) {
    let words: Vec<String> = query.split_whitespace().map(fold).collect();
    if words.len() > FILTER || labels.len() > FILTER {
        let field = if words.len() > FILTER { "q" } else { "label" };
        faults.push(Violation::new(field, "TOO_MANY", format!("at most {FILTER}")));
    }
    for (field, texts) in [("q", &words[..]), ("label", labels)] {
        if texts.iter().any(|text| text.contains('\0')) {
            faults.push(Violation::new(field, "INVALID_CHARACTER", "no NUL character"));
        }
    }
    (words, labels.iter().map(|label| fold(label.trim())).collect())
}

fn order(order_by: &str, position: Option<Position>) -> Result<Order, Error> {
    let descending = order_by.starts_with('-') || order_by.is_empty();
    match (order_by.trim_start_matches('-'), position) {
        ("due", Some(Position::Created(at, id))) => {
            Ok(Order::NeverDue { after: Some(moment(at, id)) })
        }
        ("due", Some(Position::Due(at, id))) => {
            Ok(Order::Due { descending, after: Some(moment(at, id)) })
        }
        ("due", None) => Ok(Order::Due { descending, after: None }),
        ("rank", Some(Position::Rank(rank, id))) => {
            Ok(Order::Rank { descending, after: Some((rank, TaskId(id))) })
        }
        ("rank", None) => Ok(Order::Rank { descending, after: None }),
        ("" | "created_at", Some(Position::Created(at, id))) => {
            Ok(Order::Created { descending, after: Some(moment(at, id)) })
        }
        ("" | "created_at", None) => Ok(Order::Created { descending, after: None }),
        _ => Err(PageError::Cursor.into()),
    }
}

fn moment(microseconds: i64, id: Uuid) -> (Timestamp, TaskId) {
    (Timestamp::from_microseconds(microseconds), TaskId(id))
}

fn position(order_by: &str, last: &Task) -> Position {
    let TaskId(id) = last.id;
    match (order_by.trim_start_matches('-'), last.due_at) {
        ("due", Some(at)) => Position::Due(at.as_microseconds(), id),
        ("rank", _) => Position::Rank(last.rank.clone(), id),
        _ => Position::Created(last.created_at.as_microseconds(), id),
    }
}

#[cfg(test)]
mod tests;
