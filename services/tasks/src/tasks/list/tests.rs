use kit_base::Fault as _;

use proto::tasks::v1;

use super::*;
use crate::tasks::row::{
    names::{Priority, Status},
    tests::example,
};

fn asked(order_by: &str) -> ListTasksRequest {
    let project_id = Some(Uuid::from_u128(7).to_string());
    ListTasksRequest { order_by: order_by.to_owned(), project_id, ..Default::default() }
}

fn refused(request: ListTasksRequest) -> Vec<(String, String)> {
    let faults = parse(request, None).unwrap_err().violations().to_vec();
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
        assert_eq!(order(order_by, Some(place)).unwrap_err().fault().1, "INVALID_CURSOR", "{told}");
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
    let (filter, order_by) = parse(request, None).unwrap();
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
        ("status", "NOT_ONE_OF"),
        ("priority", "NOT_ONE_OF"),
        ("order_by", "CONFLICT"),
        ("q", "TOO_MANY"),
    ];
    let told = told.map(|(field, reason)| (field.to_owned(), reason.to_owned()));
    assert_eq!(refused(wrong), told);
    for order_by in ["title", "--due", "created_at ", "-", "+due", "DUE"] {
        let expected = ("order_by".to_owned(), "NOT_ONE_OF".to_owned());
        assert_eq!(refused(asked(order_by)), [expected], "{order_by}");
    }
}

#[test]
fn a_number_that_names_nothing_is_refused_wherever_it_stands() {
    for number in [i32::MIN, -1, 0, 6, 99, i32::MAX] {
        for numbers in [vec![number], vec![1, number], vec![number, 1]] {
            let list = ListTasksRequest { status: numbers.clone(), ..asked("") };
            let expected = ("status".to_owned(), "NOT_ONE_OF".to_owned());
            assert_eq!(refused(list), [expected], "{numbers:?}");
            let list = ListTasksRequest { priority: numbers.clone(), ..asked("") };
            let expected = ("priority".to_owned(), "NOT_ONE_OF".to_owned());
            assert_eq!(refused(list), [expected], "{numbers:?}");
        }
    }
}

#[test]
fn what_no_task_can_hold_is_not_sought() {
    let nul = || "a\0b".to_owned();
    let list = ListTasksRequest { query: Some(nul()), label: vec![nul()], ..asked("") };
    let told = ["q", "label"].map(|field| (field.to_owned(), "INVALID_CHARACTER".to_owned()));
    assert_eq!(refused(list), told);
}

#[test]
fn sixteen_words_and_labels_are_sought_and_no_more() {
    for (words, labels, field) in [(16, 16, None), (17, 0, Some("q")), (0, 17, Some("label"))] {
        let (query, label) = (Some("w ".repeat(words)), vec!["l".to_owned(); labels]);
        let outcome = parse(ListTasksRequest { query, label, ..asked("") }, None);
        let told = outcome.err().map(|error| error.violations()[0].field.clone());
        assert_eq!(told.as_deref(), field, "{words} words, {labels} labels");
    }
}

#[test]
fn a_cursor_that_is_none_is_told_with_the_rest() {
    let refused = |request, cursor| -> Vec<String> {
        let refused = parse(request, Some(cursor)).unwrap_err();
        refused.violations().iter().map(|one| format!("{} {}", one.field, one.reason)).collect()
    };
    let told = refused(asked("sideways"), PageError::Cursor);
    assert_eq!(told, ["order_by NOT_ONE_OF", "cursor INVALID_CURSOR"]);
    let told = refused(asked("sideways"), PageError::Mismatch);
    assert_eq!(told, ["order_by NOT_ONE_OF", "cursor CURSOR_MISMATCH"]);
    assert!(
        parse(asked("rank"), Some(PageError::Cursor)).is_ok(),
        "alone it is told as what it is"
    );
}
