use http_body_util::BodyExt as _;
use kit_base::error::refuse;
use serde_json::{Value, json};
use std::collections::HashMap;
use tonic::Code;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use super::*;

/// The document of a problem.
fn told(problem: Problem) -> Value {
    let at = Timestamp::from_seconds(1_800_000_000);
    let reply = problem.write(Occurrence { request_id: "r-1", trace_id: "t-1".to_owned(), at });
    assert_eq!(reply.headers()[header::CONTENT_TYPE], "application/problem+json");
    let body = futures_util::FutureExt::now_or_never(reply.into_body().collect());
    serde_json::from_slice(&body.unwrap().unwrap().to_bytes()).unwrap()
}

fn fault(pointer: &str, code: &'static str) -> Fault {
    Fault::body(pointer.to_owned(), code, "what would be right")
}

/// A service's refusal of these fields.
fn invalid(fields: &[&str]) -> Status {
    let (reason, domain) = ("VALIDATION_FAILED", kit_base::error::DOMAIN);
    let mut details = ErrorDetails::with_error_info(reason, domain, HashMap::new());
    let violations = fields.iter().map(|field| {
        let mut violation = FieldViolation::new(*field, "right");
        violation.reason = "WRONG".to_owned();
        violation
    });
    details.set_bad_request(violations.collect::<Vec<_>>());
    Status::with_error_details(Code::InvalidArgument, "not acceptable", details)
}

#[test]
fn a_problem_is_written_whole_and_without_what_it_has_not() {
    let problem = Problem::new(StatusCode::CONFLICT, "ID_TAKEN", "another has this id");
    assert_eq!(
        told(problem),
        json!({
            "type": "about:blank", "title": "Conflict", "status": 409, "detail": "another has this id",
            "instance": "r-1", "code": "ID_TAKEN", "message": "another has this id",
            "timestamp": "2027-01-15T08:00:00Z", "traceId": "t-1",
        })
    );
    let limited = Problem::of_status(StatusCode::TOO_MANY_REQUESTS).violates("user");
    assert_eq!(told(limited)["violated-policies"], json!(["user"]));
}

#[test]
fn faults_are_counted_in_words() {
    let (short, common) = (fault("/password", "TOO_SHORT"), fault("/password", "TOO_COMMON"));
    for (faults, said) in [
        (vec![short.clone()], "1 field is not acceptable"),
        (vec![short.clone(), common.clone()], "1 field is not acceptable"),
        (vec![short, common, fault("/name", "TOO_LONG")], "2 fields are not acceptable"),
    ] {
        assert_eq!(told(Problem::unacceptable(faults))["detail"], said);
    }
}

#[test]
fn a_place_that_is_named_already_is_not_named_twice() {
    let found = || vec![fault("/title", "TOO_LONG"), fault("/labels/1", "WRONG_TYPE")];
    let places = |answer: Option<Problem>| {
        let document = told(Problem::unacceptable(found()).completed_by(answer));
        let errors = document["errors"].as_array().unwrap().iter();
        errors
            .map(|one| format!("{} {}", one["pointer"], one["code"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    let own = ["/title TOO_LONG", "/labels/1 WRONG_TYPE"];
    assert_eq!(places(None), own);
    let answer = Problem::from(invalid(&["title", "due.date", "labels.1", ""]));
    assert_eq!(places(Some(answer)), [&own[..], &["/due/date WRONG", " WRONG"]].concat());
    let other = Problem::from(refuse(Code::NotFound, "TASK_NOT_FOUND", "gone"));
    assert_eq!(places(Some(other)), own, "what is no fault of a field is not told");
}

#[test]
fn no_more_faults_are_told_than_somebody_reads() {
    let many = || (0..MOST_FAULTS).map(|number| fault(&format!("/{number}"), "WRONG")).collect();
    let count = |problem: Problem| told(problem)["errors"].as_array().unwrap().len();
    let fields: Vec<_> = (0..2 * MOST_FAULTS).map(|number| format!("f{number}")).collect();
    let answer = Problem::from(invalid(&fields.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!(count(answer.clone()), MOST_FAULTS);
    assert_eq!(count(Problem::unacceptable(many()).completed_by(Some(answer))), MOST_FAULTS);
}

#[test]
fn what_is_wrong_with_a_query_is_a_parameter_of_it() {
    let problem = told(Problem::of_query(invalid(&["order_by"])));
    assert_eq!(problem["status"], 400);
    assert_eq!(problem["errors"][0]["parameter"], "order_by");
    assert!(problem["errors"][0]["pointer"].is_null());
    let gone = Problem::of_query(refuse(Code::OutOfRange, "CURSOR_EXPIRED", "start again"));
    assert_eq!(told(gone)["status"], 410, "other refusals are as they are");
    let body = told(Problem::from(invalid(&["due.date"])));
    assert_eq!(
        (&body["status"], &body["errors"][0]["pointer"]),
        (&json!(422), &json!("/due/date"))
    );
}

#[test]
fn of_what_others_say_nothing_is_shown() {
    for (status, shown) in [
        (refuse(Code::NotFound, "TASK_NOT_FOUND", "there is no such task"), true),
        (refuse(Code::Internal, "INTERNAL", "there is no such task"), false),
        (Status::not_found("there is no such task"), false),
        (Status::unavailable("there is no such task"), false),
    ] {
        let document = told(Problem::from(status.clone())).to_string();
        assert_eq!(document.contains("no such task"), shown, "{status:?}");
    }
}
