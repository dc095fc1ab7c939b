//! Lists of tasks, page by page.
use std::time::Duration;

use kit_base::{
    Fault as _, Timestamp, Violation,
    page::{self, PageError},
    room::Rooms,
    text::fold,
    turns::Turns,
};
use kit_db::Db;
use proto::tasks::v1::{ListTasksRequest, ListTasksResponse};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{MutexGuard, Semaphore, SemaphorePermit},
    time::{Instant, sleep_until},
};
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
};

/// Searches of this process at once; one more connection is there for what goes on beside the requests.
pub(crate) const AT_ONCE: usize = 2;

/// A scope whose search took longer than this rests as long as it took: half of the time others have what it used.
const LONG: Duration = Duration::from_millis(50);
/// One that gave up a search rests as if that had taken all the time that it may.
const GIVEN_UP: Duration = Duration::from_millis(1_600);

/// Who may search now: one of a scope, so that no user is in the way of all others, and so many in all, in the order of their coming.
pub(crate) struct Searches {
    /// Until when a scope rests.
    turns: Turns<Option<Instant>>,
    places: Semaphore,
}

/// A search that goes on.
pub(crate) struct Search<'a> {
    rests_until: MutexGuard<'a, Option<Instant>>,
    began: Instant,
    _place: Option<SemaphorePermit<'a>>,
}

impl Search<'_> {
    pub(crate) fn end(mut self) {
        let took = self.began.elapsed();
        *self.rests_until = (took > LONG).then(|| Instant::now() + took);
    }
}

impl Searches {
    /// Nobody searches yet.
    pub(crate) fn new() -> Self {
        Self { turns: Turns::new(), places: Semaphore::new(AT_ONCE) }
    }

    /// Waits for the turn of a scope, until it has rested, and for a place.
    pub(crate) async fn begin(&self, scope: ScopeId) -> Search<'_> {
        let mut rests_until = self.turns.begin(scope).await;
        if let Some(until) = *rests_until {
            sleep_until(until).await;
        }
        let _place = self.places.acquire().await.ok();
        let began = Instant::now();
        *rests_until = Some(began + GIVEN_UP);
        Search { rests_until, began, _place }
    }
}

/// The last task of a page, as its order sees it.
#[derive(Debug, Serialize, Deserialize)]
enum Position {
    Created(i64, Uuid),
    Due(i64, Uuid),
    Rank(String, Uuid),
}

/// A page, with the cursor to the next.
pub(super) async fn page(
    db: &Db,
    (searches, rooms): (&Searches, &Rooms),
    scope: ScopeId,
    request: ListTasksRequest,
) -> Result<ListTasksResponse, Error> {
    let limit = page::limit(request.limit)?;
    let (cursor, query) = (request.cursor.clone(), identity(&request));
    let after = page::decode(&query, &cursor);
    let (filter, order_by) = parse(request, after.as_ref().err().copied())?;
    let order = order(&order_by, after?)?;
    // Who has all its room taken waits here, and in no place that others need.
    let turn = rooms.begin(scope).await;
    let apart = filter.searches(&order) || turn.expects(page::LARGE);
    let search = if apart { Some(searches.begin(scope).await) } else { None };
    let room = rooms.reserve(turn, page::MAX_BYTES).await;
    let mut found = store::list(db, scope, &filter, &order, limit + 1, apart).await?;
    let missing = limit + 1 - i64::try_from(found.len()).unwrap_or(0);
    let is_whole = found.iter().map(Task::bytes).sum::<usize>() <= page::MAX_BYTES && missing > 0;
    // Behind the last that is due come those that never are.
    if matches!(order, Order::Due { .. }) && is_whole && filter.due_before.is_none() {
        found.extend(
            store::list(db, scope, &filter, &Order::NeverDue { after: None }, missing, apart)
                .await?,
        );
    }
    if let Some(search) = search {
        search.end();
    }
    room.was(found.iter().map(Task::bytes).sum());
    let (found, next_cursor) = page::cut(found, limit, Task::bytes, |last| {
        page::encode(&query, &position(&order_by, last))
    });
    Ok(ListTasksResponse { tasks: found.into_iter().map(Into::into).collect(), next_cursor })
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
