//! Lists of tasks, page by page.
use kit_base::{Timestamp, Violation, page, text::fold};
use kit_db::Db;
use proto::tasks::v1::{self, ListTasksRequest, ListTasksResponse};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    row::{
        Task,
        names::{Priority, Status},
    },
    store::{self, Filter, Order},
};
use crate::{
    Error,
    ids::{ScopeId, TaskId},
    limits::FILTER,
    message::field_id,
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
    db: &Db,
    scope: ScopeId,
    request: ListTasksRequest,
) -> Result<ListTasksResponse, Error> {
    let limit = page::limit(request.limit)?;
    let (cursor, query) = (request.cursor.clone(), identity(&request));
    let (filter, order_by) = parse(request)?;
    let order = order(&order_by, page::decode(&query, &cursor)?)?;
    let mut found = store::list(db, scope, &filter, &order, limit + 1).await?;
    let missing = limit + 1 - i64::try_from(found.len()).unwrap_or(0);
    // Behind the last that is due come those that never are.
    if matches!(order, Order::Due { .. }) && missing > 0 && filter.due_before.is_none() {
        found.extend(
            store::list(db, scope, &filter, &Order::NeverDue { after: None }, missing).await?,
        );
    }
    let (found, next_cursor) =
        page::cut(found, limit, |last| page::encode(&query, &position(&order_by, last)));
    Ok(ListTasksResponse { tasks: found.into_iter().map(Into::into).collect(), next_cursor })
}

/// What tells this list from others: the request without its page.
fn identity(request: &ListTasksRequest) -> String {
    format!("{:?}", ListTasksRequest { limit: 0, cursor: String::new(), ..request.clone() })
}

fn parse(request: ListTasksRequest) -> Result<(Filter, String), Error> {
    let mut faults = vec![];
    // By number: the getters of the message leave out what they do not know, and what is left would be another list.
    let status = request.status.iter().map(|&number| known::<v1::Status, Status>(number));
    let status = status.collect::<Result<Vec<_>, ()>>();
    let priority = request.priority.iter().map(|&number| known::<v1::Priority, Priority>(number));
    let priority = priority.collect::<Result<Vec<_>, ()>>();
    let project = field_id("project_id", request.project_id.as_ref(), &mut faults);
    let v1::ListTasksRequest { label, due_before, query, order_by, .. } = request;
    if status.is_err() {
        faults.push(Violation::new(
            "status",
            "UNKNOWN_VALUE",
            "needs_action, in_process, completed or cancelled",
        ));
    }
    if priority.is_err() {
        faults.push(Violation::new(
            "priority",
            "UNKNOWN_VALUE",
            "none, low, medium, high or urgent",
        ));
    }
    let known = ["", "created_at", "-created_at", "due", "-due", "rank", "-rank"];
    if !known.contains(&order_by.as_str()) {
        faults.push(Violation::new(
            "order_by",
            "UNKNOWN_VALUE",
            "created_at, due or rank, with `-` in front to turn it round",
        ));
    }
    if order_by.ends_with("rank") && project.is_none() {
        faults.push(Violation::new("order_by", "CONFLICT", "`rank` needs a `project_id`"));
    }
    let (words, labels) = sought(&query.unwrap_or_default(), &label, &mut faults);
    Error::unless_acceptable(faults)?;
    let due_before = due_before.map(|moment| Timestamp::from_proto(moment.seconds, moment.nanos));
    let (status, priority) = (status.unwrap_or_default(), priority.unwrap_or_default());
    Ok((Filter { project, status, priority, labels, due_before, words }, order_by))
}

/// A name of a closed set, by the number that the contract `C` gives it.
fn known<C: TryFrom<i32>, N: TryFrom<C, Error = ()>>(number: i32) -> Result<N, ()> {
    C::try_from(number).map_err(drop).and_then(N::try_from)
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
            faults.push(Violation::new(field, "CHARACTER", "no NUL character"));
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
        _ => Err(page::PageError::Cursor.into()),
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
mod tests {
    use kit_base::Fault as _;

    use super::*;
    use crate::tasks::row::tests::example;

    fn asked(order_by: &str) -> ListTasksRequest {
        let project_id = Some(Uuid::from_u128(7).to_string());
        ListTasksRequest { order_by: order_by.to_owned(), project_id, ..Default::default() }
    }

    fn refused(request: ListTasksRequest) -> Vec<(String, String)> {
        let faults = parse(request).unwrap_err().violations().to_vec();
        faults.into_iter().map(|fault| (fault.field, fault.reason)).collect()
    }

    #[test]
    fn the_place_behind_a_task_is_read_back_in_each_order() {
        let due_at = Some(Timestamp::from_microseconds(-5));
        for last in [example(), Task { due_at, ..example() }] {
            let id = last.id;
            for order_by in ["", "created_at", "-created_at", "due", "-due", "rank", "-rank"] {
                let query = identity(&asked(order_by));
                let cursor = page::encode(&query, &position(order_by, &last));
                let found = order(order_by, page::decode(&query, &cursor).unwrap()).unwrap();
                let down = order_by.starts_with('-') || order_by.is_empty();
                match (found, order_by.trim_start_matches('-'), last.due_at) {
                    (Order::Due { descending, after }, "due", Some(at)) => {
                        assert_eq!((descending, after), (down, Some((at, id))));
                    }
                    (Order::NeverDue { after }, "due", None) => {
                        assert_eq!(after, Some((last.created_at, id)));
                    }
                    (Order::Rank { descending, after }, "rank", _) => {
                        assert_eq!((descending, after), (down, Some((last.rank.clone(), id))));
                    }
                    (Order::Created { descending, after }, "" | "created_at", _) => {
                        assert_eq!((descending, after), (down, Some((last.created_at, id))));
                    }
                    (found, ..) => panic!("{order_by}: {found:?}"),
                }
            }
        }
    }

    #[test]
    fn a_place_of_another_order_is_refused() {
        let id = Uuid::from_u128(7);
        for (order_by, place) in [
            ("", Position::Due(1, id)),
            ("", Position::Rank("V".to_owned(), id)),
            ("-created_at", Position::Due(1, id)),
            ("due", Position::Rank("V".to_owned(), id)),
            ("rank", Position::Created(i64::MIN, id)),
            ("-rank", Position::Due(i64::MAX, id)),
        ] {
            let told = format!("{order_by} {place:?}");
            assert_eq!(
                order(order_by, Some(place)).unwrap_err().fault().1,
                "INVALID_CURSOR",
                "{told}"
            );
        }
    }

    #[test]
    fn a_page_is_told_from_that_of_any_other_list() {
        let list = |change: fn(&mut ListTasksRequest)| {
            let mut request = asked("due");
            change(&mut request);
            identity(&request)
        };
        let own = list(|_| {});
        assert_eq!(own, list(|request| request.limit = 3));
        assert_eq!(own, list(|request| request.cursor = "x".to_owned()));
        for other in [
            list(|request| request.order_by = "-due".to_owned()),
            list(|request| request.project_id = None),
            list(|request| request.status = vec![1]),
            list(|request| request.priority = vec![1]),
            list(|request| request.label = vec!["x".to_owned()]),
            list(|request| request.query = Some(String::new())),
            list(|request| request.due_before = Some(prost_types::Timestamp::default())),
        ] {
            assert_ne!(own, other);
        }
    }

    #[test]
    fn a_list_is_parsed_as_it_is_searched() {
        let request = ListTasksRequest {
            status: vec![v1::Status::Completed.into()],
            priority: vec![v1::Priority::Urgent.into(), v1::Priority::None.into()],
            label: vec![" BÜRO ".to_owned()],
            due_before: Some(prost_types::Timestamp { seconds: -1, nanos: 999_999_999 }),
            query: Some("  ÄRGER\tStraße ".to_owned()),
            ..asked("rank")
        };
        let (filter, order_by) = parse(request).unwrap();
        assert_eq!(order_by, "rank");
        assert_eq!(filter.project.map(|project| project.0), Some(Uuid::from_u128(7)));
        assert_eq!(filter.status, [Status::Completed]);
        assert_eq!(filter.priority, [Priority::Urgent, Priority::None]);
        assert_eq!(filter.labels, ["büro"]);
        assert_eq!(filter.words, ["ärger", "strasse"]);
        assert_eq!(filter.due_before, Some(Timestamp::from_microseconds(-1)));
    }

    #[test]
    fn every_fault_of_a_list_is_named_at_once() {
        let wrong = ListTasksRequest {
            project_id: Some("x".to_owned()),
            status: vec![0, 1],
            priority: vec![0],
            query: Some("w ".repeat(17)),
            order_by: "rank".to_owned(),
            ..Default::default()
        };
        let told = [
            ("project_id", "ID"),
            ("status", "UNKNOWN_VALUE"),
            ("priority", "UNKNOWN_VALUE"),
            ("order_by", "CONFLICT"),
            ("q", "TOO_MANY"),
        ];
        let told = told.map(|(field, reason)| (field.to_owned(), reason.to_owned()));
        assert_eq!(refused(wrong), told);
        for order_by in ["title", "--due", "created_at ", "-", "+due", "DUE"] {
            let expected = ("order_by".to_owned(), "UNKNOWN_VALUE".to_owned());
            assert_eq!(refused(asked(order_by)), [expected], "{order_by}");
        }
    }

    #[test]
    fn a_number_that_names_nothing_is_refused_wherever_it_stands() {
        for number in [i32::MIN, -1, 0, 6, 99, i32::MAX] {
            for numbers in [vec![number], vec![1, number], vec![number, 1]] {
                let list = ListTasksRequest { status: numbers.clone(), ..asked("") };
                let expected = ("status".to_owned(), "UNKNOWN_VALUE".to_owned());
                assert_eq!(refused(list), [expected], "{numbers:?}");
                let list = ListTasksRequest { priority: numbers.clone(), ..asked("") };
                let expected = ("priority".to_owned(), "UNKNOWN_VALUE".to_owned());
                assert_eq!(refused(list), [expected], "{numbers:?}");
            }
        }
    }

    #[test]
    fn what_no_task_can_hold_is_not_sought() {
        let nul = || "a\0b".to_owned();
        let list = ListTasksRequest { query: Some(nul()), label: vec![nul()], ..asked("") };
        let told = ["q", "label"].map(|field| (field.to_owned(), "CHARACTER".to_owned()));
        assert_eq!(refused(list), told);
    }

    #[test]
    fn sixteen_words_and_labels_are_sought_and_no_more() {
        for (words, labels, field) in [(16, 16, None), (17, 0, Some("q")), (0, 17, Some("label"))] {
            let (query, label) = (Some("w ".repeat(words)), vec!["l".to_owned(); labels]);
            let outcome = parse(ListTasksRequest { query, label, ..asked("") });
            let told = outcome.err().map(|error| error.violations()[0].field.clone());
            assert_eq!(told.as_deref(), field, "{words} words, {labels} labels");
        }
    }
}
