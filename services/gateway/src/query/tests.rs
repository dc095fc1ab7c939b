use super::*;

/// The fault of each parameter, sorted.
fn faults(query: &str) -> Vec<String> {
    let query = Query::parse(query);
    query.page();
    query.id("project_id");
    query.flag("archived");
    query.seconds("wait", 30);
    query.moment("due_before");
    query.word("order_by", &["due", "-due"]);
    query.words("status", &["open", "done"].map(str::to_owned), |word| {
        matches!(word, "open" | "done").then_some(())
    });
    let problem = query.end().err().map(|problem| format!("{problem:?}")).unwrap_or_default();
    let names = problem
        .split("parameter: Some(\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned());
    names.collect()
}

#[test]
fn what_is_acceptable_has_no_fault() {
    let none: [&str; 0] = [];
    assert_eq!(faults(""), none);
    assert_eq!(faults("limit=200&cursor=abc_-&archived=true&wait=30s&order_by=-due"), none);
    assert_eq!(faults("status=open,done&status=open&due_before=2026-09-01T09:00:00%2B02:00"), none);
}

#[test]
fn every_fault_is_told_at_once() {
    let query = "limit=201&archived=1&wait=31s&order_by=rank&status=open,&project_id=7&due_before=now&colour=red&q=%zz&cursor=a&cursor=b";
    let expected = [
        "q",
        "limit",
        "cursor",
        "project_id",
        "archived",
        "wait",
        "due_before",
        "order_by",
        "status",
        "status",
        "colour",
    ];
    assert_eq!(faults(query), expected);
}

#[test]
fn a_value_has_one_way_of_being_written() {
    for query in ["limit=%2B5", "limit=05", "wait=007", "wait=%2B5s"] {
        assert_eq!(faults(query).len(), 1, "{query}");
    }
    assert_eq!(faults("project_id=0199a3f27c1e7d209f520d6f6a1f2b11"), ["project_id"]);
}

#[test]
fn a_comma_that_is_encoded_is_part_of_the_value() {
    let query = "label=a%2Cb,c&label=%2c&status=open%2Cdone,open&cursor=d,e%2Cf";
    let query = Query::parse(query);
    assert_eq!(query.list("label"), ["a,b", "c", ","]);
    assert_eq!(
        query.words("status", &["open".to_owned(), "done".to_owned()], |word| Some(word.len())),
        [4, 4, 4]
    );
    assert_eq!(query.text("cursor").as_deref(), Some("d,e,f"));
    assert!(query.end().is_ok());
    let query = Query::parse("label=a,,%2C");
    assert_eq!(query.list("label").len(), 3);
    assert!(query.end().is_err(), "there is nothing between two commas");
}

/// What is said of the one parameter of `query` that is read.
fn said(query: &str, read: impl FnOnce(&Query)) -> String {
    let query = Query::parse(query);
    read(&query);
    let faults = query.found.take().faults;
    let [fault] = faults.as_slice() else { panic!("{faults:?}") };
    serde_json::to_value(fault).unwrap()["message"].as_str().unwrap().to_owned()
}

#[test]
fn what_cannot_be_decoded_is_a_fault() {
    let text = |query: &Query| _ = query.text("cursor");
    for query in ["cursor=%zz", "cursor=%", "cursor=%ff", "cursor=%00"] {
        assert_eq!(faults(query), ["cursor"], "{query}");
        let nul = query.ends_with("%00");
        assert_eq!(said(query, text).contains("U+0000"), nul, "{query}");
    }
}

/// What is said of a query by one reader of it.
fn read<T>(query: &str, reader: impl FnOnce(&Query) -> T) -> (T, Option<String>) {
    let query = Query::parse(query);
    let value = reader(&query);
    (value, query.end().err().map(|problem| format!("{problem:?}")))
}

#[test]
fn a_wait_is_a_number_of_seconds_up_to_the_longest() {
    for (query, seconds) in
        [("", 0), ("wait=0", 0), ("wait=0s", 0), ("wait=7", 7), ("wait=30s", 30)]
    {
        let (wait, fault) = read(query, |query| query.seconds("wait", 30));
        assert_eq!((wait.as_secs(), fault), (seconds, None), "{query}");
    }
    for query in ["wait=31", "wait=-1", "wait=1m", "wait=1.5s", "wait=ss", "wait=", "wait=s"] {
        let (wait, fault) = read(query, |query| query.seconds("wait", 30));
        assert!(wait.is_zero() && fault.unwrap().contains("INVALID_PARAMETER"), "{query}");
    }
}

#[test]
fn a_moment_is_of_a_day_that_can_be_kept() {
    for day in [FIRST_DAY, "1969-12-31", LAST_DAY] {
        assert!(Query::parse(&format!("t={day}T23:59:59Z")).moment("t").is_some(), "{day}");
        let elsewhere = Query::parse(&format!("t={day}T23:59:59%2B00:00")).moment("t");
        assert_eq!(elsewhere.is_some(), day == "1969-12-31", "{day} has no room for an offset");
    }
    for time in [
        "9999-12-31T23:59:59Z",
        "9999-12-30T00:00:00Z",
        "9999-12-29T23:59:59-01:00",
        "0001-01-01T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "-000001-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "2026-09-01",
        "2026-09-01T09:00:60Z",
        "2026-09-01T09:00:00+02:00",
        "now",
    ] {
        let said = said(&format!("t={time}"), |query| _ = query.moment("t"));
        let expected = "this is a time from 0001-01-02 to 9999-12-29, as 2026-09-01T09:00:00Z, ";
        assert!(said.starts_with(expected), "{time}: {said}");
    }
}

#[test]
fn a_value_out_of_bounds_is_not_taken() {
    let page = |query: &str| read(query, Query::page);
    assert_eq!(page("").0, (0, String::new()), "the service's own default");
    assert_eq!(page("limit=1&cursor=abc").0, (1, "abc".to_owned()));
    for limit in ["0", "201", "-1", "1e2", "9999999999", ""] {
        let (taken, fault) = page(&format!("limit={limit}"));
        assert!(taken.0 == 0 && fault.is_some(), "{limit}");
    }
    let flag = |query: &str| read(query, |query| query.flag("archived"));
    assert_eq!(flag("archived=false"), (Some(false), None));
    for query in ["archived=TRUE", "archived=1", "archived", "archived=true,false"] {
        assert!(flag(query).1.is_some(), "{query}");
    }
    let (id, fault) = read("id=0199A3F2-7C1E-7D20-9F52-0D6F6A1F2B11", |query| query.id("id"));
    assert_eq!((id.as_deref(), fault), (Some("0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11"), None));
    let (moment, _) = read("at=2026-09-01T11:00:00.5%2B02:00", |query| query.moment("at"));
    assert_eq!(moment, Some(prost_types::Timestamp { seconds: 1_788_253_200, nanos: 500_000_000 }));
}

#[test]
fn a_list_has_so_many_values_however_they_are_sent() {
    let values = |count: usize, between: &str| {
        let values: Vec<_> = (0..count).map(|number| format!("l{number}")).collect();
        format!("label={}", values.join(between))
    };
    for between in [",", "&label="] {
        let (list, fault) = read(&values(FILTER, between), |query| query.list("label"));
        assert_eq!((list.len(), fault), (FILTER, None));
        let (_, fault) = read(&values(FILTER + 1, between), |query| query.list("label"));
        assert!(fault.unwrap().contains(&format!("at most {FILTER} values")));
    }
}

#[test]
fn what_nobody_asks_for_is_told_with_what_is_known() {
    let (_, fault) = read("colour=red&limit=1", Query::page);
    assert!(fault.unwrap().contains("known are limit, cursor"));
    let (_, fault) = read("colour=red", |_| ());
    assert!(fault.unwrap().contains("no parameter is known here"));
    let long = "ä".repeat(65);
    let (_, fault) = read(&format!("{}=1", "%c3%a4".repeat(65)), |_| ());
    let fault = fault.unwrap();
    assert!(!fault.contains(&long) && fault.contains(&"ä".repeat(64)), "{fault}");
    let (_, fault) = read("limit=1&cursor=%", Query::page);
    assert_eq!(fault.unwrap().matches("parameter: Some").count(), 1, "the rest cannot be told");
}

#[test]
fn the_bounds_that_are_told_are_those_that_hold() {
    let limit = |query: &Query| _ = query.page();
    let beyond = MAX_LIMIT + 1;
    assert_eq!(said(&format!("limit={beyond}"), limit), "this is a number from 1 to 200");
    assert_eq!(
        said("wait=8s", |query| _ = query.seconds("wait", 7)),
        "this is a number of seconds from 0s to 7s"
    );
}
